import { useLanguage } from "../language.tsx";

export function Surveys() {
  const { messages } = useLanguage();
  return <p>{messages.noSurvey}</p>;
}
