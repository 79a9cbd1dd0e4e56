// Asking the server: one request, its answer or a refusal with code and sentence.
import type { TypedDocumentString } from "./generated/graphql.ts";
import { dictionaries, type Language } from "./messages.ts";
import { token } from "./session.ts";

/** What the server refused, in the language of the request. `path` says where in the input, where that is known. */
export class Refusal extends Error {
  readonly code: string;
  readonly path: readonly string[];

  constructor(code: string, message: string, path: readonly string[] = []) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

interface Answer<Result> {
  data?: Result;
  errors?: { message: string; extensions?: { code?: string } }[];
}

export async function ask<Result, Variables>(
  language: Language,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  signal: AbortSignal | null = null,
): Promise<Result> {
  const bearer = token();
  const headers = {
    "content-type": "application/json",
    "accept-language": language,
    ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
  };
  // A build names its documents, which the server knows by the manifest; sources that change are sent as they are.
  const asked = import.meta.env.DEV ? { query: document.toString() } : { documentId: document.__meta__?.["hash"] };
  const body = JSON.stringify({ ...asked, variables });
  let answer: Answer<Result>;
  try {
    const response = await fetch("/graphql", { method: "POST", headers, body, signal });
    answer = await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal("UNREACHABLE", dictionaries[language].unreachable);
  }
  const [wrong] = answer.errors ?? [];
  if (wrong !== undefined) throw new Refusal(wrong.extensions?.code ?? "UNKNOWN", wrong.message);
  return answer.data as Result;
}

interface UserError {
  code: string;
  message: string;
  path?: readonly string[] | null;
}

/** Throws the first of a mutation's user errors, where there is one. */
export function refuse(errors: readonly UserError[] | undefined): void {
  const [first] = errors ?? [];
  if (first !== undefined) throw new Refusal(first.code, first.message, first.path ?? []);
}
