// Settings of the mock: people, environments, keys, providers.

import type { CacheView, Rights, Settings } from "../bindings";
import type { Backend } from "../ipc";
import { day, type World } from "./world";

type Part = Pick<
  Backend,
  | "settings"
  | "addEnvironment"
  | "planRenameEnvironment"
  | "renameEnvironment"
  | "reorderEnvironments"
  | "planRetireEnvironment"
  | "retireEnvironment"
  | "planDefaultEnvironment"
  | "setDefaultEnvironment"
  | "createKey"
  | "rotateKey"
  | "keyUses"
  | "revokeKey"
  | "invite"
  | "addComputer"
  | "withdrawInvitation"
  | "setRole"
  | "removePerson"
  | "revokeDevice"
  | "createService"
  | "setServiceRights"
  | "saveProvider"
  | "removeProvider"
  | "pasteProviderKey"
  | "testProvider"
  | "prices"
  | "setPrice"
  | "removePrice"
  | "cache"
  | "limitCache"
  | "clearCache"
  | "shareProject"
>;

function initial(world: World): Settings {
  const device = (name: string, mine: boolean, days: number) => ({
    id: `device-${name}`,
    name,
    this: mine,
    since: world.now - days * day,
    revoked: false,
  });
  const team = world.scene !== "new";
  return {
    registry: {
      place: team ? { type: "registry", address: "https://galley.northern.example" } : { type: "this_computer" },
      address: team ? "https://galley.northern.example" : "http://127.0.0.1:43117",
      state: team ? "In step, last heard from 4 s ago" : "Runs while Galley is open",
    },
    me: world.library().me,
    people: [
      {
        id: "person-ana",
        name: "Ana",
        role: "admin",
        devices: [device("Ana's laptop", true, 120), device("Old ThinkPad", false, 400)],
        removed: false,
      },
      ...(team
        ? [
            {
              id: "person-ravi",
              name: "Ravi",
              role: "author" as const,
              devices: [device("Ravi's MacBook", false, 90)],
              removed: false,
            },
            {
              id: "person-lena",
              name: "Lena",
              role: world.scene.startsWith("review") ? ("reviewer" as const) : ("author" as const),
              devices: [device("desk-14", false, 60)],
              removed: false,
            },
          ]
        : []),
    ],
    services: team
      ? [
          {
            id: "service-ci",
            name: "nightly checks",
            owner: "Ravi",
            owner_left: false,
            by: "Ana",
            since: world.now - 40 * day,
            rights: { save: false, run: true, ask: true, release: ["env-staging"] },
            words: "may record runs, ask for reviews and release in staging",
            removed: false,
            unsent: false,
          },
        ]
      : [],
    invitations: team
      ? [
          {
            id: "inv-1",
            name: "Tomas",
            role: "author",
            by: "Lena",
            at: world.now - day,
            expires: world.now + 6 * day,
            state: "registry",
          },
        ]
      : [],
    environments: world.environments,
    keys: team
      ? [
          {
            id: "key-1",
            kind: "environment",
            name: "desk app",
            environment: "env-production",
            environment_name: "production",
            by: "Ravi",
            at: world.now - 400 * day,
            expires: null,
            revoked: false,
            old: true,
            state: "open",
            begins: "gal_env_AYw3hN2ccGeQ1b7kLm",
            waiting: false,
          },
          {
            id: "key-2",
            kind: "environment",
            name: "staging checks",
            environment: "env-staging",
            environment_name: "staging",
            by: "Ana",
            at: world.now - 30 * day,
            expires: world.now + 60 * day,
            revoked: false,
            old: false,
            state: "open",
            begins: "gal_env_AZpK2vRZdNy8w0QxTe",
            waiting: false,
          },
          {
            id: "key-3",
            kind: "environment",
            name: "trial of the chat widget",
            environment: "env-development",
            environment_name: "development",
            by: "Lena",
            at: world.now - 90 * day,
            expires: null,
            revoked: true,
            old: false,
            state: "revoked",
            begins: "gal_env_AYzQ8dXjcAaB3nUw6f",
            waiting: false,
          },
        ]
      : [],
    providers: [
      {
        name: "On this computer",
        kind: "openai",
        address: "http://127.0.0.1:8080/v1",
        model: "SmolLM2-135M",
        key: "not_needed",
        origin: "http://127.0.0.1:8080",
        purpose: "trying",
        used_words: "named by 4 prompts",
        limits: {},
      },
      {
        name: "OpenAI",
        kind: "openai",
        address: "https://api.openai.com/v1",
        model: "gpt-5-mini",
        key: "none",
        origin: "https://api.openai.com",
        purpose: "trying",
        used_words: "",
        limits: { requests_a_minute: 500, tokens_a_minute: 200_000 },
      },
    ],
    keychain: { available: true, message: "" },
    limits: [
      "A version holds at most 1 MiB",
      "A dataset holds at most 50,000 cases",
      "An application may read 500 times a second with one key",
    ],
  };
}

export function settings(world: World, changed: () => void): Part {
  let prices = [{ provider: "OpenAI", model: "gpt-5-mini", input: 0.25, output: 2, currency: "USD" }];
  let kept: CacheView = {
    answers: 1_240,
    bytes: 3_400_000,
    held: 62,
    most_bytes: 536_870_912,
    days: null,
    words:
      "1,240 answers in 3 MiB, of 512 MiB at most. However old; what goes over the size goes first that was not used for longest. No limit reaches 62 of them: open requests, or runs that count and are not recorded yet, rest on them.",
  };
  const here = () => (world.settings ??= initial(world));
  const environment = (id: string) => world.environments.find((one) => one.id === id)!;
  const rightsWords = (rights: Rights) =>
    `may ${[
      ...(rights.save ? ["save versions and datasets"] : []),
      ...(rights.run ? ["record runs"] : []),
      ...(rights.ask ? ["ask for reviews"] : []),
      ...rights.release.map((id) => `release in ${environment(id).name}`),
    ].join(", ")}`;
  return {
    settings: async () => structuredClone({ ...here(), environments: world.environments }),
    async addEnvironment(_, name) {
      world.environments.push({
        id: `env-${name}`,
        name,
        position: world.environments.length,
        is_default: false,
        retired: false,
      });
      for (const prompt of world.prompts)
        prompt.stages.push({ sides: [], since: Date.now(), by: "", reason: "", earlier: null, waiting: false });
      changed();
    },
    planRenameEnvironment: async (_, id, name) => ({
      words: [
        `1 key keeps reading it: keys are bound to the environment, not to its name.`,
        `Applications that ask for “${environment(id).name}” by name must ask for “${name}”.`,
      ],
    }),
    async renameEnvironment(_, id, name) {
      environment(id).name = name;
      changed();
    },
    async reorderEnvironments(_, ids) {
      world.environments.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
      changed();
    },
    planRetireEnvironment: async (_, id) => ({
      words: [
        `${environment(id).name} goes on serving what it serves; nothing new can be released there.`,
        "It can't be brought back under this id.",
      ],
    }),
    async retireEnvironment(_, id) {
      environment(id).retired = true;
      changed();
    },
    planDefaultEnvironment: async (_, id) => ({
      words: [`The command line and personal tokens mean ${environment(id).name} when none is named.`],
    }),
    async setDefaultEnvironment(_, id) {
      for (const one of world.environments) one.is_default = one.id === id;
      changed();
    },
    async createKey(_, id, name, days) {
      here().keys.unshift({
        id: `key-${world.next++}`,
        kind: "environment",
        name,
        environment: id,
        environment_name: environment(id).name,
        by: "Ana",
        at: Date.now(),
        expires: days === null ? null : Date.now() + days * day,
        revoked: false,
        old: false,
        state: "open",
        begins: "gal_env_AZqTt0YyeFu2mPz4Hs",
        waiting: false,
      });
      changed();
      return {
        id: "key",
        words:
          "The key is on the clipboard. It is shown nowhere else: paste it where the application keeps its secrets.",
      };
    },
    async rotateKey(_, id, overlap, days) {
      const old = here().keys.find((key) => key.id === id)!;
      const ends = { state: overlap > 0 ? "replaced" : "ended", revoked: overlap === 0, old: false } as const;
      here().keys.unshift({
        ...old,
        id: `key-${world.next++}`,
        by: "Ana",
        at: Date.now(),
        expires: days === null ? null : Date.now() + days * day,
        old: false,
        begins: "gal_env_AZqV5sPpdEm7c1Kd9R",
        waiting: false,
      });
      Object.assign(old, ends, { expires: Date.now() + overlap * day });
      changed();
      return {
        id: "key",
        words: "The new key is on the clipboard. It is shown nowhere else: paste it now where the old one is used.",
      };
    },
    async keyUses() {
      return {
        note: null,
        rows: [
          { id: "key-1", last_used: world.now - 40_000, strayed: [] },
          {
            id: "key-2",
            last_used: world.now - 3 * day,
            strayed: ["It asked for production 14 times, last 12 Nov, and was refused"],
          },
        ],
      };
    },
    async revokeKey(_, id) {
      Object.assign(
        here().keys.find((key) => key.id === id)!,
        { revoked: true, state: "revoked" },
      );
      changed();
    },
    async invite(_, role, name) {
      here().invitations.push({
        id: `inv-${world.next++}`,
        name,
        role,
        by: "Ana",
        at: Date.now(),
        expires: Date.now() + 7 * day,
        state: "registry",
      });
      changed();
      return { id: "inv", words: `The invitation for ${name} is on the clipboard. It works once, for seven days.` };
    },
    addComputer: async () =>
      "The link is on the clipboard. On your other computer choose Join a team and paste it. It works once, for a day; until then whoever has it is you, so hand it to nobody.",
    async withdrawInvitation(_, id) {
      here().invitations = here().invitations.filter((one) => one.id !== id);
      changed();
    },
    async setRole(_, id, role) {
      here().people.find((one) => one.id === id)!.role = role;
      changed();
    },
    async createService(_, name, owner, rights) {
      const words = rightsWords(rights);
      here().services.unshift({
        id: `service-${world.next++}`,
        name,
        owner: here().people.find((one) => one.id === owner)?.name ?? "Ana",
        owner_left: false,
        by: "Ana",
        since: Date.now(),
        rights,
        words,
        removed: false,
        unsent: false,
      });
      changed();
      return {
        id: "service",
        words:
          "Its secret is on the clipboard. It is shown nowhere else: paste it now where your pipeline keeps its secrets, as GALLEY_SECRET.",
      };
    },
    async setServiceRights(_, id, rights) {
      const service = here().services.find((one) => one.id === id)!;
      service.rights = rights;
      service.words = rightsWords(rights);
      changed();
    },
    async removePerson(_, id) {
      for (const one of [...here().people, ...here().services]) if (one.id === id) one.removed = true;
      changed();
    },
    async revokeDevice(_, device) {
      for (const person of here().people) for (const one of person.devices) if (one.id === device) one.revoked = true;
      changed();
    },
    async saveProvider(provider) {
      const all = here().providers;
      const at = all.findIndex((one) => one.name === provider.name);
      const card = {
        ...provider,
        purpose: provider.purpose ?? ("trying" as const),
        key: "none" as const,
        origin: new URL(provider.address).origin,
        used_words: "",
        limits: provider.limits ?? {},
      };
      if (at >= 0) all[at] = { ...card, key: all[at]!.key };
      else all.push(card);
      return card;
    },
    async removeProvider(name) {
      here().providers = here().providers.filter((one) => one.name !== name);
    },
    async pasteProviderKey(name) {
      here().providers.find((one) => one.name === name)!.key = "in_keychain";
      return `The key of ${name} is in this computer's keychain. The clipboard was emptied.`;
    },
    async testProvider(name) {
      if (name === "OpenAI")
        throw {
          code: "no_key",
          message: "OpenAI needs a key, and this machine's keychain holds none for it.",
          details: null,
        };
      return "It answers: SmolLM2-135M said hello in 0.3 s.";
    },
    prices: async () => prices,
    async setPrice(price) {
      prices = [...prices.filter((one) => one.provider !== price.provider || one.model !== price.model), price];
      return prices;
    },
    async removePrice(provider, model) {
      prices = prices.filter((one) => one.provider !== provider || one.model !== model);
      return prices;
    },
    cache: async () => kept,
    async limitCache(mebibytes, days) {
      kept = { ...kept, most_bytes: (mebibytes ?? 512) * 1_048_576, days };
      return kept;
    },
    async clearCache() {
      kept = { ...kept, answers: 0, bytes: 0, words: "0 answers in 0 KiB, of 512 MiB at most." };
      return kept;
    },
    shareProject: async () => world.library().project,
  };
}
