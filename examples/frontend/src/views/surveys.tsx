import { lazy } from "react";
import { useAnswer } from "../answers.ts";
import { graphql, read, type FragmentType } from "../generated/index.ts";
import { useLanguage } from "../language.tsx";
import { Guarded } from "../parts/view.tsx";
import { Comments } from "./survey-comments.tsx";
import { Results } from "./survey-results.tsx";

const SurveysOfMember = graphql(`
  query SurveysOfMember {
    viewer {
      member {
        surveys(showOnHome: true) {
          survey {
            code
            version
          }
          ...SurveyShown
        }
      }
    }
  }
`);

const SurveyShown = graphql(`
  fragment SurveyShown on SurveysEntry {
    canAnswer
    times
    reasons {
      code
      message
    }
    survey {
      code
      title
    }
    ...SurveyAsked
  }
`);

// SurveyJS is larger than all the rest: it comes only where there is something to answer.
const SurveyForm = lazy(() => import("./survey-form.tsx"));

export function Surveys() {
  const { viewer } = useAnswer(SurveysOfMember, {});
  const { messages } = useLanguage();
  const surveys = viewer.member?.surveys ?? [];
  if (!surveys.length) return <p>{messages.noSurvey}</p>;
  return surveys.map((each) => <Entry key={`${each.survey.code} ${each.survey.version}`} entry={each} />);
}

function Entry({ entry }: { entry: FragmentType<typeof SurveyShown> }) {
  const shown = read(SurveyShown, entry);
  const { messages } = useLanguage();
  return (
    <div className="survey">
      <p className="survey-title">{shown.survey.title}</p>
      {shown.canAnswer ? (
        <Guarded>
          <SurveyForm entry={shown} />
        </Guarded>
      ) : shown.times > 0 ? (
        <>
          <p>{messages.thanks}</p>
          <Guarded>
            <Results survey={shown.survey.code} />
          </Guarded>
        </>
      ) : (
        shown.reasons.map((reason) => (
          <p key={reason.code} className="small">
            {reason.message} <code>{reason.code}</code>
          </p>
        ))
      )}
      <Guarded>
        <Comments survey={shown.survey.code} />
      </Guarded>
    </div>
  );
}
