import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';

/** Stands in the variables of an example for the id of a member. */
const A_MEMBER = JSON.stringify('<member>');

const TITLE = { en: 'Examples', zh: '示例' };

async function ask(query, { endpoint, headers }) {
  const body = JSON.stringify({ query });
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return (await response.json()).data;
}

/** The member that the viewer is, else the first that the viewer may see, else undefined. */
async function someMember(server) {
  const own = (await ask('{ viewer { memberId } }', server))?.viewer.memberId;
  return own ?? (await ask('{ members(first: 1) { nodes { id } } }', server))?.members?.nodes[0]?.id;
}

/** The variables of an example as text, with a member's id where one is wanted and found. */
export async function variablesOf({ variables }, server) {
  if (Object.keys(variables).length === 0) return '';
  const text = JSON.stringify(variables, null, 2);
  const id = text.includes(A_MEMBER) ? await someMember(server) : undefined;
  return id === undefined ? text : text.replaceAll(A_MEMBER, JSON.stringify(id));
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round">
      <path d="M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01" />
    </svg>
  );
}

function List({ examples, title, server }) {
  const { addTab, changeTab, setOperationName, updateActiveTabValues } = useGraphiQLActions();
  const { queryEditor, variableEditor, tabs } = useGraphiQL(pick('queryEditor', 'variableEditor', 'tabs'));

  /** Shows the tab that has the example, else puts it into an empty tab. */
  async function open(example) {
    const index = tabs.findIndex(({ query }) => query === example.query);
    if (index >= 0) {
      changeTab(index);
    } else {
      const variables = await variablesOf(example, server);
      if (queryEditor.getValue().trim()) addTab();
      queryEditor.setValue(example.query);
      variableEditor?.setValue(variables);
      updateActiveTabValues({ query: example.query, variables });
    }
    // GraphiQL finds the operation a moment later; who runs it before that would run the one of the tab before.
    setOperationName(example.name);
  }

  return (
    <section aria-label={title} className="corekit-examples">
      <h1>{title}</h1>
      {[...Map.groupBy(examples, ({ owner }) => owner)].map(([owner, theirs]) => (
        <section key={owner} aria-label={owner}>
          <h2>{owner}</h2>
          <ul>
            {theirs.map((example) => (
              <li key={example.name}>
                <button type="button" data-example={example.name} onClick={() => open(example)}>
                  {example.title}
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

/** The plugin of GraphiQL that lists the examples by who brings them. */
export function examplesPlugin(examples, language, server) {
  const title = TITLE[language];
  return { title, icon: Icon, content: () => <List examples={examples} title={title} server={server} /> };
}
