import { useEffect, useRef } from "react";
import { usePages } from "../answers.ts";
import { useFormat } from "../format.ts";
import { graphql, read, type FragmentType } from "../generated/index.ts";
import { useLanguage } from "../language.tsx";
import { fill } from "../messages.ts";
import { Wrong } from "../parts/view.tsx";
import { AmountParts } from "./points.tsx";

const StatementOfMember = graphql(`
  query StatementOfMember($after: String) {
    viewer {
      member {
        statement(kind: "points", first: 20, after: $after) {
          edges {
            cursor
            node {
              ...StatementLine
            }
          }
          pageInfo {
            hasNextPage
            endCursor
          }
          totalCount
        }
      }
    }
  }
`);

const StatementLine = graphql(`
  fragment StatementLine on StatementEntry {
    recordedAt
    activityType
    rule
    amount {
      ...AmountParts
    }
    availableAfter {
      ...AmountParts
    }
    activity {
      id
      occurredAt
      amount {
        ...AmountParts
      }
    }
  }
`);

export function Statement() {
  const { messages } = useLanguage();
  const format = useFormat();
  const pages = usePages(StatementOfMember, {}, ({ viewer }) => viewer.member?.statement);
  if (!pages.nodes.length) return <p>{messages.noEntries}</p>;
  const turn = () => void pages.fetchNextPage();
  return (
    <>
      <ol className="lines">
        {pages.nodes.map((line, at) => (
          <Line key={at} line={line} />
        ))}
      </ol>
      {pages.error ? (
        <Wrong error={pages.error} again={turn} />
      ) : pages.hasNextPage ? (
        <More turn={turn} turning={pages.isFetchingNextPage} />
      ) : (
        <p className="small">{fill(messages.end, { count: format.number(pages.total ?? pages.nodes.length) })}</p>
      )}
    </>
  );
}

function Line({ line }: { line: FragmentType<typeof StatementLine> }) {
  const { messages } = useLanguage();
  const format = useFormat();
  const entry = read(StatementLine, line);
  const rule = entry.rule.split("@")[0] ?? "";
  const amount = read(AmountParts, entry.amount);
  const order = read(AmountParts, entry.activity?.amount);
  const at = entry.activity?.occurredAt ?? entry.recordedAt;
  return (
    <li data-direction={amount.digits.startsWith("-") ? "out" : "in"}>
      <div>
        <p>{messages.rules[rule] ?? messages.activities[entry.activityType] ?? entry.activityType}</p>
        <p className="small">
          <time dateTime={at}>{format.day(at)}</time>
          {entry.activityType === "purchase" && order && ` · ${fill(messages.order, { amount: format.amount(order) })}`}
        </p>
      </div>
      <div className="numbers">
        <p>
          <strong>{format.amount(amount, { signDisplay: "exceptZero" })}</strong>
        </p>
        <p className="small">{fill(messages.left, { amount: format.amount(read(AmountParts, entry.availableAfter)) })}</p>
      </div>
    </li>
  );
}

/** Turns the page when it comes into sight; the button is for who does not scroll. */
function More({ turn, turning }: { turn: () => void; turning: boolean }) {
  const { messages } = useLanguage();
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (turning) return;
    const seen = new IntersectionObserver((entries) => entries.some((each) => each.isIntersecting) && turn(), {
      rootMargin: "200px",
    });
    seen.observe(button.current!);
    return () => seen.disconnect();
  });
  return (
    <button type="button" ref={button} onClick={turn} disabled={turning}>
      {turning ? messages.loading : messages.more}
    </button>
  );
}
