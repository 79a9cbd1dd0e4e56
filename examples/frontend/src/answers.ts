// Answers as React wants them: a view waits for its own, and they are kept by language.
import { useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { ask } from "./ask.ts";
import type { TypedDocumentString } from "./generated/graphql.ts";
import { useLanguage } from "./language.tsx";

export function useAnswer<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Result {
  const { language } = useLanguage();
  return useSuspenseQuery({
    queryKey: [document.toString(), variables, language],
    queryFn: ({ signal }) => ask(language, document, variables, signal),
  }).data;
}

interface Page<Node> {
  edges: readonly { node?: Node | null }[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
  totalCount?: number | null;
}

/** Pages of a connection, one after the other: `find` says where in the answer it stands. */
export function usePages<Result, Node, Variables extends object>(
  document: TypedDocumentString<Result, Variables & { after?: string | null }>,
  variables: Variables,
  find: (answer: Result) => Page<Node> | null | undefined,
) {
  const { language } = useLanguage();
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, error } = useSuspenseInfiniteQuery({
    queryKey: [document.toString(), "pages", variables, language],
    queryFn: ({ pageParam, signal }) => ask(language, document, { ...variables, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => {
      const info = find(last)?.pageInfo;
      return info?.hasNextPage ? info.endCursor : undefined;
    },
  });
  const pages = data.pages.map(find);
  const nodes = pages.flatMap((page) => page?.edges.flatMap(({ node }) => (node ? [node] : [])) ?? []);
  return { nodes, total: pages[0]?.totalCount, hasNextPage, isFetchingNextPage, fetchNextPage, error };
}
