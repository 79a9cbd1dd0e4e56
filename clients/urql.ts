// urql, with the types and documents that graphql-codegen wrote; queries go by GET where they are short.
import { Client, type CombinedError, cacheExchange, fetchExchange } from "@urql/core";
import { BuyDocument, MembersDocument, NodeByIdDocument, RegisterDocument } from "./generated/graphql.ts";
import { bearer, holds, members, report, url } from "./world.ts";

function client(headers: Record<string, string>, preferGetMethod: boolean): Client {
  return new Client({ url, exchanges: [cacheExchange, fetchExchange], fetchOptions: { headers }, preferGetMethod });
}

function code(error: CombinedError | undefined): unknown {
  return error?.graphQLErrors[0]?.extensions.code;
}

for (const byGet of [false, true]) {
  const staff = client(bearer, byGet);
  const seen: string[] = [];
  let after: string | null | undefined;
  do {
    const { data, error } = await staff.query(MembersDocument, { first: 10, after }).toPromise();
    holds("page", error, undefined);
    seen.push(...data!.members!.edges.map((edge) => edge.node!.id));
    after = data!.members!.pageInfo.hasNextPage ? data!.members!.pageInfo.endCursor : null;
  } while (after);
  holds("pagination", [seen.length, new Set(seen).size], [members, members]);

  const id = seen[0]!;
  const input = { type: "purchase", memberId: id, amount: "4500" };
  const bought = await staff.mutation(BuyDocument, { input }).toPromise();
  holds("mutation", [bought.error, bought.data?.recordActivity?.outcome], [undefined, "SETTLED"]);
  const node = await staff.query(NodeByIdDocument, { id }).toPromise();
  holds("refetch by node", node.data?.node?.__typename, "Member");

  const refused = await staff.mutation(RegisterDocument, { input: { email: "no address" } }).toPromise();
  const wrong = refused.data?.register?.userErrors[0];
  holds("user error", [wrong?.code, wrong?.path], ["EMAIL", ["input", "email"]]);

  const nobody = await client({}, byGet).query(MembersDocument, { first: 1 }).toPromise();
  holds("denied", code(nobody.error), "UNAUTHENTICATED");
  const tooMany = await staff.query(MembersDocument, { first: 100_000 }).toPromise();
  holds("refused", code(tooMany.error), "PAGE_SIZE");
}
report();
