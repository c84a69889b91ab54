/**
 * Says on the current OpenTelemetry span which version was used.
 *
 * OpenTelemetry's API registers itself under a symbol, so that it is found here without being
 * imported: where it is not installed nothing happens, and no bundler looks for it.
 */

interface Span {
  isRecording(): boolean;
  setAttributes(attributes: Record<string, string | number>): unknown;
}

interface Api {
  context?: { active(): { getValue(key: symbol): Span | undefined } };
}

const API = Symbol.for("opentelemetry.js.api.1");
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");

export function mark(attributes: Record<string, string | number>): void {
  const api = (globalThis as { [API]?: Api })[API];
  const span = api?.context?.active().getValue(SPAN);
  if (span?.isRecording()) span.setAttributes(attributes);
}
