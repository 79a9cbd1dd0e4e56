// The manifest that graphql-codegen wrote: each of its documents can be named, and none can be sent as text.
import { readFileSync } from "node:fs";
import { deepStrictEqual } from "node:assert";

const url = process.env.COREKIT_TRUSTED_URL;
const texts = JSON.parse(readFileSync("generated/persisted-documents.json", "utf8"));

async function ask(body) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${process.env.COREKIT_TOKEN}` };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return await answer.json();
}

const members = (text) => text.includes("query Members(");
const [documentId, query] = Object.entries(texts).find(([, text]) => members(text));
const named = await ask({ documentId, variables: { first: 2 } });
deepStrictEqual(named.errors, undefined);
deepStrictEqual(named.data.members.edges.length, 2);
for (const id of Object.keys(texts)) {
  // Without its variables each document is found, and refused for the variables that it wants.
  const { errors } = await ask({ documentId: id });
  deepStrictEqual(errors[0].extensions.code, "BAD_USER_INPUT", JSON.stringify(errors));
}
const sent = await ask({ query, variables: { first: 2 } });
deepStrictEqual(sent.errors[0].extensions.code, "PERSISTED_QUERY_ONLY");
console.log(`${Object.keys(texts).length} documents compiled, each known by its id; the same text without its id is refused`);
