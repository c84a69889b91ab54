/** Galley: what an environment serves, in memory, whatever happens to the registry. */

export { Galley, type Asking, type Options, type Status } from "./client.js";
export type { Content, ContentMessage, Input, Message, ModelSettings, Role, Tool } from "./content.js";
export { GalleyError, NotReadyError, NotServedError, type Place, RenderError, RequestError, SettingsError } from "./errors.js";
export type { Kept, Store, Timing } from "./keeper.js";
export { type Fallback, Prompt, type Source } from "./prompt.js";
export type { AnthropicRequest, OpenAIRequest } from "./requests.js";
