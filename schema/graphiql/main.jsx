import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './main.css';

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';
import { examplesPlugin, variablesOf } from './examples.jsx';

const TOKEN = 'corekit:token';
const TABS = 'graphiql:tabState';

/**
 * The fragment may hold a token and the name of an example (`#token=...&example=...`); it never reaches a server or its
 * logs. The token is kept for this tab only and taken out of the address bar, so that it is not shared by copying the
 * address.
 */
function takeFragment() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (fragment.has('token')) {
    sessionStorage.setItem(TOKEN, fragment.get('token'));
    fragment.delete('token');
    const rest = fragment.size > 0 ? `#${fragment}` : '';
    history.replaceState(null, '', location.pathname + location.search + rest);
  }
  return { token: sessionStorage.getItem(TOKEN), wanted: fragment.get('example') };
}

/** What the server says about itself: `endpoint`, `language`, `examples`; each may be missing. */
async function loadConfig(headers) {
  const response = await fetch('./config.json', { headers: { accept: 'application/json', ...headers } });
  return response.ok ? response.json() : {};
}

const { token, wanted } = takeFragment();
const headers = token ? { authorization: `Bearer ${token}` } : {};
const { endpoint = '/graphql', language = 'en', examples = [] } = await loadConfig(headers);
const isFirstVisit = localStorage.getItem(TABS) === null;
const example = examples.find(({ name }) => name === wanted) ?? (isFirstVisit ? examples[0] : undefined);
document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
const server = { endpoint, headers };
const plugin = examples.length > 0 ? examplesPlugin(examples, language, server) : undefined;

// Where no example is opened, GraphiQL opens what was open when the page was left.
createRoot(document.getElementById('root')).render(
  <GraphiQL
    fetcher={createGraphiQLFetcher({ url: endpoint, headers })}
    initialQuery={example?.query}
    initialVariables={example && (await variablesOf(example, server))}
    plugins={plugin ? [plugin, HISTORY_PLUGIN] : [HISTORY_PLUGIN]}
    visiblePlugin={isFirstVisit ? plugin : undefined}
    defaultEditorToolsVisibility="variables"
  />,
);
