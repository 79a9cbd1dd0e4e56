// Judge surveys by survey-core: a line of a definition and answers each, a line of what it says of them each.
import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { Model } from "survey-core";

const [from, to] = process.argv.slice(2);

// Nothing is cleared while it is asked what is shown and what is wrong.
function asked(survey, answers) {
  survey.data = structuredClone(answers);
  const shown = survey.getAllQuestions().filter((each) => each.isVisibleInSurvey);
  const wrong = shown.filter((each) => !each.validate(false));
  return { shown: shown.map((each) => each.name), wrong: wrong.map((each) => each.name) };
}

function accepts(survey, answers) {
  survey.data = structuredClone(answers);
  survey.clearIncorrectValues(true);
  if (!survey.validate(false)) return false;
  survey.doComplete();
  return survey.state === "completed" && isDeepStrictEqual(survey.data, answers);
}

let last, survey;
const lines = readFileSync(from, "utf-8").split("\n").filter(Boolean);
const said = lines.map((line) => {
  const { definition, answers } = JSON.parse(line);
  if (JSON.stringify(definition) !== last) {
    last = JSON.stringify(definition);
    survey = new Model({ ...definition, clearInvisibleValues: "none" });
  }
  const found = asked(survey, answers);
  return { ...found, accepted: found.wrong.length === 0 && accepts(new Model(definition), answers) };
});
writeFileSync(to, said.map((each) => `${JSON.stringify(each)}\n`).join(""));
