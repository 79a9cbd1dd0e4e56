// Apollo Client, with the types and documents that graphql-codegen wrote.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { filter, firstValueFrom } from "rxjs";
import { relayStylePagination } from "@apollo/client/utilities";
import {
  BuyDocument, MemberByIdDocument, MemberCardFragmentDoc, MembersDocument, NodeByIdDocument, RegisterDocument,
} from "./generated/graphql.ts";
import { bearer, holds, members, report, trustedUrl, url } from "./world.ts";

function client(headers: Record<string, string>, link: ApolloLink = new HttpLink({ uri: url, headers })): ApolloClient {
  const typePolicies = { Query: { fields: { members: relayStylePagination(["filter"]) } } };
  return new ApolloClient({ link, cache: new InMemoryCache({ typePolicies, possibleTypes: { Node: ["Member", "Activity"] } }) });
}

const staff = client(bearer);

// Pagination: the cache joins pages of one connection.
const watched = staff.watchQuery({ query: MembersDocument, variables: { first: 10 } });
const first = (await firstValueFrom(watched.pipe(filter((found) => !found.loading)))).data;
holds("query", first?.members?.edges?.length, 10);
let page = first?.members?.pageInfo;
while (page?.hasNextPage) {
  const more = await watched.fetchMore({ variables: { first: 10, after: page.endCursor } });
  page = more.data?.members?.pageInfo;
}
const all = watched.getCurrentResult().data?.members?.edges ?? [];
holds("pagination", [all.length, new Set(all.map((edge) => edge?.node?.id)).size], [members, members]);

// A mutation, and what it returns finds its place in the cache by its id.
const id = all[0]!.node!.id!;
const bought = await staff.mutate({
  mutation: BuyDocument,
  variables: { input: { type: "purchase", memberId: id, amount: "12300" } },
});
holds("mutation", [bought.data?.recordActivity?.outcome, bought.data?.recordActivity?.userErrors], ["SETTLED", []]);
const cached = staff.cache.readFragment({
  from: { __typename: "Member", id }, fragment: MemberCardFragmentDoc, fragmentName: "MemberCard",
});
holds("cache", cached?.balances, bought.data?.recordActivity?.member?.balances);

const found = await staff.query({ query: MemberByIdDocument, variables: { id }, fetchPolicy: "network-only" });
holds("nested query", found.data?.member?.activities?.nodes[0]?.amount?.digits, "12300");
const again = await staff.query({ query: NodeByIdDocument, variables: { id }, fetchPolicy: "network-only" });
holds("refetch by node", again.data?.node?.__typename, "Member");

const refused = await staff.mutate({ mutation: RegisterDocument, variables: { input: { email: "no address" } } });
const wrong = refused.data?.register?.userErrors[0];
holds("user error", [wrong?.code, wrong?.path], ["EMAIL", ["input", "email"]]);

// Errors of GraphQL, each with a code.
async function code(asking: Promise<unknown>): Promise<unknown> {
  const error = await asking.then(() => undefined, (reason: unknown) => reason);
  return CombinedGraphQLErrors.is(error) ? error.errors[0]!.extensions?.code : error;
}
const nobody = client({});
holds("denied", await code(nobody.query({ query: MembersDocument, variables: { first: 1 } })), "UNAUTHENTICATED");
const tooMany = staff.query({ query: MembersDocument, variables: { first: 100_000 }, fetchPolicy: "network-only" });
holds("refused", await code(tooMany), "PAGE_SIZE");
const stranger = client({ authorization: "Bearer forged" });
holds("forged token", await code(stranger.query({ query: MembersDocument, variables: { first: 1 } })), "UNAUTHENTICATED");

// Documents named by their hash, as graphql-codegen computed it, to a server that executes nothing else.
const named = new PersistedQueryLink({
  generateHash: (document) => (document as unknown as { __meta__: { hash: string } }).__meta__.hash,
});
const trusted = client({}, ApolloLink.from([named, new HttpLink({ uri: trustedUrl, headers: bearer })]));
const card = await trusted.query({ query: MemberByIdDocument, variables: { id } });
holds("trusted document", card.data?.member?.id, id);
report();
