import { useMutation } from "@tanstack/react-query";
import { usePages } from "../answers.ts";
import { ask, refuse } from "../ask.ts";
import { useFormat } from "../format.ts";
import { graphql, read, type FragmentType } from "../generated/index.ts";
import { useLanguage } from "../language.tsx";
import { fill } from "../messages.ts";
import { Wrong } from "../parts/view.tsx";

const DocumentsOfMember = graphql(`
  query DocumentsOfMember($after: String) {
    viewer {
      member {
        documents(first: 20, after: $after) {
          edges {
            cursor
            node {
              document {
                code
              }
              ...DocumentShown
            }
          }
          pageInfo {
            hasNextPage
            endCursor
          }
        }
      }
    }
  }
`);

const DocumentShown = graphql(`
  fragment DocumentShown on DocumentsEntry {
    canHave
    document {
      code
      title
    }
    reasons {
      code
      message
    }
    versions {
      id
      language
      size
    }
  }
`);

const DocumentLink = graphql(`
  mutation DocumentLink($document: String!, $language: String!) {
    documentsLink(input: { document: $document, language: $language }) {
      url
      userErrors {
        path
        code
        message
      }
    }
  }
`);

export function Documents() {
  const pages = usePages(DocumentsOfMember, {}, ({ viewer }) => viewer.member?.documents);
  const { messages } = useLanguage();
  if (!pages.nodes.length) return <p>{messages.noDocuments}</p>;
  return (
    <>
      <ul className="document-list">
        {pages.nodes.map((each) => (
          <Entry key={each.document.code} entry={each} />
        ))}
      </ul>
      {pages.hasNextPage && (
        <button type="button" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {messages.more}
        </button>
      )}
      {pages.error && <Wrong error={pages.error} />}
    </>
  );
}

function Entry({ entry }: { entry: FragmentType<typeof DocumentShown> }) {
  const { canHave, document, reasons, versions } = read(DocumentShown, entry);
  const { language, messages } = useLanguage();
  const format = useFormat();
  const fetching = useMutation({
    mutationFn: async (wanted: string) => {
      const { documentsLink } = await ask(language, DocumentLink, { document: document.code, language: wanted });
      refuse(documentsLink?.userErrors);
      return documentsLink!.url!;
    },
    onSuccess: save,
  });
  return (
    <li data-document={document.code}>
      <div>
        <p>{document.title}</p>
        {reasons.map((reason) => (
          <p key={reason.code} className="small">
            {reason.message} <code>{reason.code}</code>
          </p>
        ))}
      </div>
      {canHave &&
        versions.map((version) => {
          const name = messages.languages[version.language] ?? version.language;
          return (
            <button
              key={version.id}
              type="button"
              disabled={fetching.isPending}
              data-language={version.language}
              onClick={() => fetching.mutate(version.language)}
            >
              <span className="unseen">{fill(messages.download, { title: document.title })} </span>
              {name}
              {version.size && <span className="small"> {format.bytes(version.size)}</span>}
            </button>
          );
        })}
      {fetching.error && <Wrong error={fetching.error} />}
    </li>
  );
}

/** Lets the browser save what an address answers, under the name that comes with it. */
function save(url: string) {
  Object.assign(window.document.createElement("a"), { href: url, download: "" }).click();
}
