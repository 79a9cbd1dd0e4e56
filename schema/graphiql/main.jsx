import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './main.css';

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

const TOKEN = 'corekit:token';

/** What the server says about itself: `endpoint`, and an example `query` with its `variables`; each may be missing. */
async function loadConfig() {
  const response = await fetch('./config.json', { headers: { accept: 'application/json' } });
  return response.ok ? response.json() : {};
}

/**
 * A token comes in the fragment (`#token=...`), which never reaches a server or its logs. It is kept for this tab only
 * and taken out of the address bar, so that it is not shared by copying the address.
 */
function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) {
    sessionStorage.setItem(TOKEN, token);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(TOKEN);
}

function show({ endpoint = '/graphql', query, variables }, token) {
  const fetcher = createGraphiQLFetcher({
    url: endpoint,
    headers: token ? { authorization: `Bearer ${token}` } : {},
  });
  createRoot(document.getElementById('root')).render(
    <GraphiQL
      fetcher={fetcher}
      defaultQuery={query}
      initialVariables={variables && JSON.stringify(variables, null, 2)}
    />,
  );
}

show(await loadConfig(), takeToken());
