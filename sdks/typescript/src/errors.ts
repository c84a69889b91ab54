/** What can go wrong, in words for the people who read logs at night. */

/** Anything that this package throws on purpose. `code` is for programs, the message for people. */
export class GalleyError extends Error {
  override name = "GalleyError";
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The address or the key can't be used as it was given. */
export class SettingsError extends GalleyError {
  override name = "SettingsError";
  constructor(message: string) {
    super("settings", message);
  }
}

/** Nothing was read from the registry yet, nothing is kept, and no fallback was given. */
export class NotReadyError extends GalleyError {
  override name = "NotReadyError";
  constructor(message: string) {
    super("not_ready", message);
  }
}

/** The environment is known, and it serves no prompt of this name. */
export class NotServedError extends GalleyError {
  override name = "NotServedError";
  constructor(message: string) {
    super("not_served", message);
  }
}

/** The prompt has no request for this provider. */
export class RequestError extends GalleyError {
  override name = "RequestError";
  constructor(message: string) {
    super("request", message);
  }
}

/** Where in a version's texts something stands. */
export interface Place {
  /** Which message, counted from 0. */
  message: number;
  /** The line, counted from 1. */
  line: number;
  /** The character in that line, counted from 1. */
  column: number;
  /** The snippet's name, when the place is in an included snippet. */
  snippet?: string;
}

/** A value doesn't fit the prompt's inputs, or the template can't be filled in with it. */
export class RenderError extends GalleyError {
  override name = "RenderError";
  constructor(
    code: string,
    message: string,
    /** Which input, when it is about one. */
    readonly input?: string,
    /** Where in the texts, when it is in one. */
    readonly place?: Place,
  ) {
    super(code, message);
  }
}
