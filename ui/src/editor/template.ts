// How a template looks while it is written: inputs as chips, unknown ones marked, includes with the
// version they stand for, problems underlined. It colours text and never changes it.

import { type Extension, RangeSetBuilder, StateEffect, StateField, type Text } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  hoverTooltip,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from "@codemirror/view";
import type { IncludeUse, InputUse, Problem } from "../bindings";

/** What Rust found in this message. */
export interface Marks {
  inputs: InputUse[];
  includes: IncludeUse[];
  problems: Problem[];
}

const setMarks = StateEffect.define<Marks>();

class Pill extends WidgetType {
  constructor(
    readonly words: string,
    readonly missing: boolean,
  ) {
    super();
  }
  override eq(other: Pill) {
    return other.words === this.words && other.missing === this.missing;
  }
  toDOM() {
    const pill = document.createElement("span");
    pill.className = this.missing ? "cm-pill cm-pill-missing" : "cm-pill";
    pill.textContent = this.words;
    return pill;
  }
}

function clamp(doc: Text, from: number, to: number): [number, number] {
  const end = Math.min(Math.max(to, from), doc.length);
  return [Math.min(Math.max(0, from), end), end];
}

function fromRust(doc: Text, marks: Marks): DecorationSet {
  const found = [];
  for (const use of marks.inputs) {
    const [from, to] = clamp(doc, use.from, use.to);
    if (!use.known && to > from) found.push(Decoration.mark({ class: "cm-unknown" }).range(from, to));
  }
  for (const use of marks.includes) {
    const [, to] = clamp(doc, use.from, use.to);
    const missing = use.prompt === null;
    const words = missing
      ? "no such snippet"
      : use.number === null
        ? `${use.name}, not saved yet`
        : `${use.name} v${use.number}`;
    found.push(Decoration.widget({ widget: new Pill(words, missing), side: 1 }).range(to));
  }
  for (const problem of marks.problems) {
    let [from, to] = clamp(doc, problem.from, problem.to);
    if (from === to) [from, to] = from > 0 ? [from - 1, from] : clamp(doc, 0, 1);
    if (to > from)
      found.push(
        Decoration.mark({ class: "cm-problem", attributes: { "data-problem": problem.message } }).range(from, to),
      );
  }
  return Decoration.set(found, true);
}

const rustMarks = StateField.define<{ marks: Marks; set: DecorationSet }>({
  create: () => ({ marks: { inputs: [], includes: [], problems: [] }, set: Decoration.none }),
  update(value, transaction) {
    let { marks, set } = value;
    if (transaction.docChanged) set = set.map(transaction.changes);
    for (const effect of transaction.effects)
      if (effect.is(setMarks)) {
        marks = effect.value;
        set = fromRust(transaction.state.doc, marks);
      }
    return set === value.set && marks === value.marks ? value : { marks, set };
  },
  provide: (field) => EditorView.decorations.from(field, (value) => value.set),
});

const tag = /\{\{-?\s*([^{}]*?)\s*-?\}\}|\{%-?[^%]*-?%\}|\{#[^#]*#\}/g;
const chip = Decoration.mark({ class: "cm-input" });
const hidden = Decoration.replace({});
const statement = Decoration.mark({ class: "cm-statement" });

/** Only what is on screen is looked at, so a very long prompt costs no more than a short one. */
function visibleTags(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const { main } = view.state.selection;
  const editing = view.hasFocus;
  for (const visible of view.visibleRanges) {
    // A tag may begin above the visible part; one never needs more than this.
    const start = Math.max(0, visible.from - 200);
    const text = view.state.doc.sliceString(start, Math.min(view.state.doc.length, visible.to + 200));
    tag.lastIndex = 0;
    for (let match = tag.exec(text); match; match = tag.exec(text)) {
      const from = start + match.index;
      const to = from + match[0].length;
      if (to < visible.from || from > visible.to) continue;
      const inner = match[1];
      if (inner === undefined || inner === "") {
        builder.add(from, to, statement);
        continue;
      }
      const innerFrom = from + match[0].indexOf(inner);
      const innerTo = innerFrom + inner.length;
      const touched = editing && main.from <= to && main.to >= from;
      if (touched) builder.add(from, to, chip);
      else {
        builder.add(from, innerFrom, hidden);
        builder.add(innerFrom, innerTo, chip);
        builder.add(innerTo, to, hidden);
      }
    }
  }
  return builder.finish();
}

const tags = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = visibleTags(view);
    }
    update(update: ViewUpdate) {
      if (update.docChanged || update.viewportChanged || update.selectionSet || update.focusChanged)
        this.decorations = visibleTags(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

const why = hoverTooltip((view, pos) => {
  const { marks } = view.state.field(rustMarks);
  const problem = marks.problems.find((one) => pos >= one.from && pos <= Math.max(one.to, one.from + 1));
  const unknown = marks.inputs.find((use) => !use.known && pos >= use.from && pos <= use.to);
  const words =
    problem?.message ??
    (unknown ? `No input is called ${unknown.name}. Add it under Inputs, or correct the name.` : null);
  if (words === null) return null;
  return {
    pos,
    above: true,
    create() {
      const dom = document.createElement("div");
      dom.className = "cm-why";
      dom.textContent = words;
      return { dom };
    },
  };
});

export function template(): Extension {
  return [rustMarks, tags, why];
}

export function showMarks(view: EditorView, marks: Marks) {
  view.dispatch({ effects: setMarks.of(marks) });
}
