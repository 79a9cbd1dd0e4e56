import { useAnswer } from "../answers.ts";
import { useFormat } from "../format.ts";
import { graphql, read, type FragmentType } from "../generated/index.ts";
import { useLanguage } from "../language.tsx";
import { fill } from "../messages.ts";
import { Bar } from "../parts/bar.tsx";

const SurveyResults = graphql(`
  query SurveyResults($survey: String!) {
    surveysResults(survey: $survey) {
      respondents
      groups {
        questions {
          name
          ...ResultsOfQuestion
        }
      }
    }
  }
`);

const ResultsOfQuestion = graphql(`
  fragment ResultsOfQuestion on SurveysFigures {
    title
    withheld
    saw
    choices {
      value
      text
      count
      share
    }
    numbers {
      mean
    }
    promoters {
      score
    }
  }
`);

/** What all members answered, for a member that has answered too; nothing where the survey does not show it. */
export function Results({ survey }: { survey: string }) {
  const { surveysResults: results } = useAnswer(SurveyResults, { survey });
  const { messages } = useLanguage();
  const format = useFormat();
  if (!results) return null;
  const questions = results.groups.flatMap((group) => group.questions);
  return (
    <>
      <h3>
        {messages.results} · {fill(messages.answers, { count: format.number(results.respondents) })}
      </h3>
      {questions.length ? (
        questions.map((each) => <Question key={each.name} question={each} />)
      ) : (
        <p className="small">{messages.withheld}</p>
      )}
    </>
  );
}

function Question({ question }: { question: FragmentType<typeof ResultsOfQuestion> }) {
  const { title, withheld, saw, choices, numbers, promoters } = read(ResultsOfQuestion, question);
  const { messages } = useLanguage();
  const format = useFormat();
  if (!withheld && !choices.length) return null; // texts, which are nobody's to read here
  const largest = 100 * Math.max(...choices.map(({ share }) => Number(share)), 0.01);
  const told = [
    ...(saw == null ? [] : [fill(messages.saw, { count: format.number(saw) })]),
    ...(numbers ? [fill(messages.average, { average: format.decimal(numbers.mean) })] : []),
    ...(promoters ? [fill(messages.promoters, { score: format.decimal(promoters.score) })] : []),
  ];
  return (
    <div className="result">
      <p>{title}</p>
      {withheld ? (
        <p className="small">{messages.withheld}</p>
      ) : (
        <>
          <ul className={numbers ? "rates" : "choices"}>
            {choices.map(({ value, text, count, share }) => {
              const percent = Number(share) * 100;
              const label = `${text}: ${format.percent(percent)}, ${format.number(count)}`;
              return (
                <li key={JSON.stringify(value)}>
                  <span>{text}</span>
                  <Bar percent={percent} label={label} full={numbers ? largest : 100} />
                  {!numbers && <span className="small">{format.percent(percent)}</span>}
                </li>
              );
            })}
          </ul>
          <p className="small">{told.join(" · ")}</p>
        </>
      )}
    </div>
  );
}
