/** The template language as a tree: what can't be written here, no template can do. */

export interface Path {
  type: "path";
  root: string;
  fields: string[];
  at: number;
}

export interface Literal {
  type: "literal";
  value: string | number | boolean;
}

export type Base = Path | Literal;

export interface Filter {
  name: string;
  argument?: Base;
  at: number;
}

export interface Operand {
  type: "operand";
  base: Base;
  filters: Filter[];
  at: number;
}

export type Condition =
  | Operand
  | { type: "defined"; path: Path }
  | { type: "not"; inner: Condition }
  | { type: "and" | "or"; left: Condition; right: Condition }
  | { type: "compare"; left: Operand; how: string; right: Operand };

export interface If {
  type: "if";
  branches: { condition: Condition; body: Node[] }[];
  otherwise: Node[];
}

export interface For {
  type: "for";
  variable: string;
  items: Path;
  at: number;
  body: Node[];
  otherwise: Node[];
}

export interface Include {
  type: "include";
  name: string;
  at: number;
}

/** A piece of a text: characters, a value, or a tag. */
export type Node = string | Operand | If | For | Include;

export const written = (path: Path): string => [path.root, ...path.fields].join(".");
