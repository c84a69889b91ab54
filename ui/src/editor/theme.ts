// The editor in Galley's own clothes: it looks like the page around it.

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const prose = EditorView.theme({
  "&": { backgroundColor: "transparent", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-text)", fontSize: "16px", lineHeight: "1.55", overflow: "visible" },
  ".cm-content": { padding: "14px 18px", caretColor: "var(--ink)", overflowWrap: "anywhere" },
  ".cm-line": { padding: "0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "1.5px" },
  ".cm-placeholder": { color: "var(--ink-3)", fontStyle: "normal" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--pencil-wash)",
  },
  ".cm-input": {
    fontFamily: "var(--font-code)",
    fontSize: "13px",
    backgroundColor: "var(--pencil-wash)",
    color: "var(--pencil)",
    borderRadius: "4px",
    padding: "2px 4px",
  },
  ".cm-unknown .cm-input, .cm-input .cm-unknown, .cm-unknown": {
    backgroundColor: "var(--wait-wash)",
    color: "var(--wait)",
    textDecoration: "underline wavy 1px",
    textUnderlineOffset: "4px",
    borderRadius: "4px",
  },
  ".cm-statement": { fontFamily: "var(--font-code)", fontSize: "13px", color: "var(--ink-2)" },
  ".cm-problem": { textDecoration: "underline wavy var(--cut) 1px", textUnderlineOffset: "4px" },
  ".cm-pill": {
    display: "inline-block",
    font: "500 11px/18px var(--font-ui)",
    color: "var(--ink-2)",
    background: "var(--shade)",
    border: "1px solid var(--line-strong)",
    borderRadius: "99px",
    padding: "0 7px",
    marginLeft: "4px",
    verticalAlign: "1px",
    userSelect: "none",
  },
  ".cm-pill-missing": { color: "var(--cut)", borderColor: "transparent", background: "var(--cut-wash)" },
  ".cm-tooltip": {
    border: "1px solid var(--line-strong)",
    background: "var(--page)",
    borderRadius: "6px",
    boxShadow: "var(--shadow)",
  },
  ".cm-why": { font: "12px/1.45 var(--font-ui)", color: "var(--ink)", padding: "6px 10px", maxWidth: "320px" },
});

export const machine = [
  EditorView.theme({
    "&": { backgroundColor: "transparent", color: "var(--ink)" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--font-code)", fontSize: "12px", lineHeight: "1.55" },
    ".cm-content": { padding: "8px 10px", caretColor: "var(--ink)" },
    ".cm-line": { padding: "0" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
      backgroundColor: "var(--pencil-wash)",
    },
    ".cm-matchingBracket": { backgroundColor: "var(--pencil-wash)", outline: "none" },
  }),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: tags.propertyName, color: "var(--pencil)" },
      { tag: tags.string, color: "var(--add)" },
      { tag: [tags.number, tags.bool, tags.null], color: "var(--moved)" },
    ]),
  ),
];
