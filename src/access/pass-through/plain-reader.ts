import { type GraphQLOutputType, isLeafType, isListType, isNonNullType } from "graphql";
import type { AnsweredField, Scope } from "../complete/completion.ts";
import { type PlainReader, readLeaf, readList, readLiteral, readNothing, readNullable, readObject } from "./plain-text.ts";

/** Reads an object of a scope that needs no completing. None does where its type has to be looked at first. */
export function createPlainReader(scope: Scope): PlainReader {
  let read: PlainReader | undefined;
  // Made when it is needed: most places of most operations are never read as text.
  return (text, at) => {
    read ??= readObjectOf(scope);
    return read(text, at);
  };
}

function readObjectOf(scope: Scope): PlainReader {
  const [answer] = scope.answers();
  if (scope.isAbstract || answer === undefined) return readNothing;
  return readObject(answer.fields.map((field) => ({ key: field.key, read: readField(field) })));
}

function readField({ isDenied, typename, type, scope }: AnsweredField): PlainReader {
  if (isDenied) return readNothing;
  return typename === undefined ? readValue(type, scope) : readLiteral(`"${typename}"`);
}

function readValue(type: GraphQLOutputType, scope: Scope | undefined): PlainReader {
  return isNonNullType(type) ? readPresent(type.ofType, scope) : readNullable(readPresent(type, scope));
}

function readPresent(type: GraphQLOutputType, scope: Scope | undefined): PlainReader {
  if (isListType(type)) return readList(readValue(type.ofType, scope));
  if (isLeafType(type)) return readLeaf(type);
  return scope === undefined ? readNothing : createPlainReader(scope);
}
