// A survey as SurveyJS renders it. What is answered is saved as it comes, and sent in the end.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Model, type CompleteEvent, type ITheme } from "survey-core";
import "survey-core/i18n/simplified-chinese";
import "survey-core/survey-core.fontless.css";
import { DefaultDarkPanelless, DefaultLightPanelless } from "survey-core/themes";
import { Survey } from "survey-react-ui";
import { ask, refuse, Refusal } from "../ask.ts";
import { graphql, read, type FragmentType } from "../generated/index.ts";
import { useLanguage } from "../language.tsx";
import { Wrong } from "../parts/view.tsx";

export const SurveyAsked = graphql(`
  fragment SurveyAsked on SurveysEntry {
    survey {
      code
      definition
    }
    draft {
      answers
    }
  }
`);

const SurveySave = graphql(`
  mutation SurveySave($survey: String!, $answers: JSON!) {
    surveysSave(input: { survey: $survey, answers: $answers }) {
      userErrors {
        path
        code
        message
      }
    }
  }
`);

const SurveyAnswer = graphql(`
  mutation SurveyAnswer($survey: String!, $answers: JSON!, $key: String!) {
    surveysAnswer(input: { survey: $survey, answers: $answers, idempotencyKey: $key }) {
      outcome
      userErrors {
        path
        code
        message
        parameters
      }
    }
  }
`);

// The page's own colours, and a form that fits in a column.
const OURS = {
  "--sjs2-base-unit-size": "6px",
  "--sjs2-base-unit-spacing": "6px",
  "--sjs2-color-utility-body": "transparent",
  "--sjs2-typography-font-family-text": "inherit",
};
const LIGHT = dressed(DefaultLightPanelless, "#175c4c");
const DARK = dressed(DefaultDarkPanelless, "#63c6ab");
const PAUSE = 600; // milliseconds without a change, after which answers are saved
const IS_DARK = matchMedia("(prefers-color-scheme: dark)");

export default function SurveyForm({ entry }: { entry: FragmentType<typeof SurveyAsked> }) {
  const { survey, draft } = read(SurveyAsked, entry);
  const { language, messages } = useLanguage();
  const client = useQueryClient();
  const [model] = useState(() => made(survey.definition, draft?.answers));
  const [key] = useState(() => crypto.randomUUID()); // sent twice, it counts once

  const saving = useMutation({
    mutationFn: async (answers: unknown) =>
      refuse((await ask(language, SurveySave, { survey: survey.code, answers })).surveysSave?.userErrors),
  });
  const sending = useMutation({
    mutationFn: async (answers: unknown) =>
      refuse((await ask(language, SurveyAnswer, { survey: survey.code, answers, key })).surveysAnswer?.userErrors),
    onSuccess: () => client.invalidateQueries(), // it may have brought points, and medals
    onError: (error) => {
      model.clear(false, true); // back to the questions, with what was answered
      if (error instanceof Refusal) model.getQuestionByName(error.path.at(-1) ?? "")?.addError(error.message);
    },
  });

  useEffect(() => {
    model.locale = language === "zh" ? "zh-cn" : "en";
  }, [model, language]);

  useEffect(() => {
    const dress = () => model.applyTheme(IS_DARK.matches ? DARK : LIGHT);
    dress();
    IS_DARK.addEventListener("change", dress);
    return () => IS_DARK.removeEventListener("change", dress);
  }, [model]);

  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const save = () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => saving.mutate(model.data), PAUSE);
    };
    const send = (_: Model, complete: CompleteEvent) => {
      clearTimeout(waiting);
      complete.showSaveInProgress(messages.loading);
      sending.mutate(model.data);
    };
    model.onValueChanged.add(save);
    model.onComplete.add(send);
    return () => {
      clearTimeout(waiting);
      model.onValueChanged.remove(save);
      model.onComplete.remove(send);
    };
  }, [model, saving.mutate, sending.mutate, messages]);

  const error = sending.error ?? saving.error;
  return (
    <div className="survey-form">
      <Survey model={model} />
      {error ? <Wrong error={error} /> : saving.isSuccess && !sending.isPending && <p className="small">{messages.saved}</p>}
    </div>
  );
}

function made(definition: unknown, answers: unknown): Model {
  const model = new Model(definition);
  model.showTitle = false; // the page has it
  model.showCompletedPage = false; // what the server says comes in its place
  model.data = answers ?? {};
  return model;
}

function dressed(theme: ITheme, brand: string): ITheme {
  const shades = Object.fromEntries([400, 500, 600, 700].map((shade) => [`--sjs2-color-project-brand-${shade}`, brand]));
  return { ...theme, cssVariables: { ...theme.cssVariables, ...OURS, ...shades } };
}
