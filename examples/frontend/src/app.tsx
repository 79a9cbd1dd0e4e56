import { useAnswer } from "./answers.ts";
import { Refusal } from "./ask.ts";
import { graphql } from "./generated/index.ts";
import { useLanguage } from "./language.tsx";
import { dictionaries, type Language } from "./messages.ts";
import { View } from "./parts/view.tsx";
import { ProgramProvider } from "./program.ts";
import { Card } from "./views/card.tsx";
import { Documents } from "./views/documents.tsx";
import { Medals } from "./views/medals.tsx";
import { Points } from "./views/points.tsx";
import { Surveys } from "./views/surveys.tsx";
import { Statement } from "./views/statement.tsx";

const Page = graphql(`
  query Page {
    program {
      name
      timeZone
    }
    viewer {
      kind
      member {
        id
      }
    }
  }
`);

export function App() {
  const { program, viewer } = useAnswer(Page, {});
  const { messages } = useLanguage();
  if (viewer.kind === "ANONYMOUS") throw new Refusal("UNAUTHENTICATED", messages.noToken);
  if (!viewer.member) throw new Refusal("NO_MEMBER", messages.noMember);
  return (
    <ProgramProvider value={program}>
      <header>
        <h1>{program.name}</h1>
        <Languages />
      </header>
      <main>
        <div className="column">
          <View name="card" title={messages.card}>
            <Card />
          </View>
          <View name="points" title={messages.points}>
            <Points />
          </View>
          <View name="medals" title={messages.medals}>
            <Medals />
          </View>
        </div>
        <div className="column">
          <View name="survey" title={messages.survey}>
            <Surveys />
          </View>
          <View name="documents" title={messages.documents}>
            <Documents />
          </View>
          <View name="statement" title={messages.statement}>
            <Statement />
          </View>
        </div>
      </main>
    </ProgramProvider>
  );
}

const NAMES: Record<Language, string> = { en: "English", zh: "中文" };

function Languages() {
  const { language, messages, speak } = useLanguage();
  return (
    <div className="languages" role="group" aria-label={messages.language}>
      {(Object.keys(dictionaries) as Language[]).map((each) => (
        <button key={each} type="button" lang={each} aria-pressed={each === language} onClick={() => speak(each)}>
          {NAMES[each]}
        </button>
      ))}
    </div>
  );
}
