import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState, type FormEvent } from "react";
import { useAnswer, usePages } from "../answers.ts";
import { ask, refuse } from "../ask.ts";
import { useFormat } from "../format.ts";
import { graphql, read, type FragmentType } from "../generated/index.ts";
import { useLanguage } from "../language.tsx";
import { fill } from "../messages.ts";
import { Wrong } from "../parts/view.tsx";

const SurveyComments = graphql(`
  query SurveyComments($survey: String!, $after: String) {
    surveysComments(survey: $survey, first: 10, after: $after) {
      edges {
        cursor
        node {
          id
          ...CommentShown
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      totalCount
    }
  }
`);

const OwnComments = graphql(`
  query OwnComments($survey: String!) {
    surveysOwnComments(survey: $survey, first: 20) {
      nodes {
        id
        state
        ...CommentShown
      }
    }
  }
`);

const CommentShown = graphql(`
  fragment CommentShown on SurveysComment {
    text
    createdAt
  }
`);

const SurveyComment = graphql(`
  mutation SurveyComment($survey: String!, $text: String!) {
    surveysComment(input: { survey: $survey, text: $text }) {
      userErrors {
        path
        code
        message
      }
    }
  }
`);

const LONGEST = 2000;

/** What members wrote about a survey: one's own first, each with how it stands, then what is shown of the others. */
export function Comments({ survey }: { survey: string }) {
  const own = useAnswer(OwnComments, { survey }).surveysOwnComments?.nodes.flatMap((each) => each ?? []) ?? [];
  const pages = usePages(SurveyComments, { survey }, (answer) => answer.surveysComments);
  const { messages } = useLanguage();
  const format = useFormat();
  const mine = new Set(own.map(({ id }) => id));
  const others = pages.nodes.filter(({ id }) => !mine.has(id));
  return (
    <div className="comments">
      <h3>
        {messages.comments} · {fill(messages.shown, { count: format.number(pages.total ?? pages.nodes.length) })}
      </h3>
      <ul>
        {own.map((each) => (
          <Comment key={each.id} comment={each} state={each.state} />
        ))}
        {others.map((each) => (
          <Comment key={each.id} comment={each} />
        ))}
      </ul>
      {pages.hasNextPage && (
        <button type="button" disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {messages.more}
        </button>
      )}
      {pages.error && <Wrong error={pages.error} />}
      <Write survey={survey} />
    </div>
  );
}

/** A comment; with how it stands, where it is the reader's own. */
function Comment({ comment, state }: { comment: FragmentType<typeof CommentShown>; state?: string }) {
  const { text, createdAt } = read(CommentShown, comment);
  const { messages } = useLanguage();
  const format = useFormat();
  return (
    <li data-state={state}>
      <p className="comment-text">{text}</p>
      <p className="small">
        <time dateTime={createdAt}>{format.day(createdAt)}</time>
        {state && ` · ${messages.yours} · ${messages.states[state] ?? state}`}
      </p>
    </li>
  );
}

function Write({ survey }: { survey: string }) {
  const { language, messages } = useLanguage();
  const client = useQueryClient();
  const id = useId();
  const [text, setText] = useState("");
  const sending = useMutation({
    mutationFn: async () => refuse((await ask(language, SurveyComment, { survey, text })).surveysComment?.userErrors),
    onSuccess: () => {
      setText("");
      return client.invalidateQueries({ queryKey: [OwnComments.toString()] }); // nobody else sees it yet
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  return (
    <form className="comment-form" onSubmit={send}>
      <label htmlFor={id}>{messages.comment}</label>
      <textarea id={id} rows={3} maxLength={LONGEST} value={text} onChange={({ target }) => setText(target.value)} />
      <button type="submit" disabled={!text.trim() || sending.isPending}>
        {messages.send}
      </button>
      {sending.error && <Wrong error={sending.error} />}
    </form>
  );
}
