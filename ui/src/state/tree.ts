// The library as rows of a tree: folders from the slashes in names.

import type { NewDraft, PromptRow } from "../bindings";

export type TreeRow =
  | { type: "folder"; path: string; name: string; depth: number; open: boolean; count: number }
  | { type: "prompt"; row: PromptRow; name: string; depth: number }
  | { type: "draft"; draft: NewDraft; name: string; depth: number };

interface Folder {
  folders: Map<string, Folder>;
  leaves: { name: string; row: TreeRow }[];
  count: number;
}

const make = (): Folder => ({ folders: new Map(), leaves: [], count: 0 });
const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function tree(prompts: PromptRow[], drafts: NewDraft[], closed: ReadonlySet<string>): TreeRow[] {
  const root = make();
  const put = (fullName: string, leaf: (name: string, depth: number) => TreeRow) => {
    const parts = fullName.split("/");
    const name = parts.pop()!;
    let folder = root;
    folder.count += 1;
    for (const part of parts) {
      let next = folder.folders.get(part);
      if (!next) folder.folders.set(part, (next = make()));
      folder = next;
      folder.count += 1;
    }
    folder.leaves.push({ name, row: leaf(name, parts.length) });
  };
  for (const row of prompts) if (!row.archived) put(row.name, (name, depth) => ({ type: "prompt", row, name, depth }));
  for (const draft of drafts) put(draft.name, (name, depth) => ({ type: "draft", draft, name, depth }));

  const rows: TreeRow[] = [];
  const walk = (folder: Folder, path: string, depth: number) => {
    for (const leaf of folder.leaves.sort((a, b) => order.compare(a.name, b.name))) rows.push(leaf.row);
    for (const name of [...folder.folders.keys()].sort(order.compare)) {
      const inner = folder.folders.get(name)!;
      const full = path === "" ? name : `${path}/${name}`;
      const open = !closed.has(full);
      rows.push({ type: "folder", path: full, name, depth, open, count: inner.count });
      if (open) walk(inner, full, depth + 1);
    }
  };
  walk(root, "", 0);
  return rows;
}

export const rowKey = (row: TreeRow) =>
  row.type === "folder" ? `f:${row.path}` : row.type === "prompt" ? row.row.id : `d:${row.draft.draft}`;
