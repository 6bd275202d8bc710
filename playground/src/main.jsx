// The playground's page. The server (graph/playground.py) writes what it needs to know into #stolon-page.
import './nonce.js'; // first: what follows adds style elements
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './style.css';

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL } from 'graphiql';
import { useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';

import { examplesPlugin } from './examples.jsx';
import { fetcherOf } from './fetcher.js';
import { Mistakes } from './mistakes.jsx';
import { askingForPlans } from './plan/asking.js';
import { planPlugin } from './plan/panel.jsx';
import { SchemaFollowsHeaders } from './schema.jsx';
import { storage } from './storage.js';

const page = JSON.parse(document.getElementById('stolon-page').textContent);
const endpoint = window.location.pathname;
const socket = new URL(endpoint, window.location.href.replace(/^http/, 'ws')).href;
const fetcher = askingForPlans(fetcherOf({ url: endpoint, subscriptionUrl: socket }));

const WELCOME = `# Ctrl-Space completes, Ctrl-Enter runs.
# A token goes into Headers, below:
# the page keeps it in memory only.

`;
const AUTHORIZATION = '{\n  "Authorization": "Bearer "\n}';

function Playground() {
  const [visible, setVisible] = useState(null);
  // What the header editor holds, in memory only: new tabs begin with it.
  const [headers, setHeaders] = useState(page.wantsToken ? AUTHORIZATION : '');
  const plugins = useRef(null);
  plugins.current ??= [
    { ...explorerPlugin({ showAttribution: false }), title: 'Explorer' },
    ...(page.examples.length ? [examplesPlugin(page.examples)] : []),
    planPlugin,
  ];
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={plugins.current}
      visiblePlugin={visible}
      onTogglePluginVisibility={setVisible}
      storage={storage}
      shouldPersistHeaders={false}
      schema={page.introspection ? undefined : null}
      schemaDescription
      inputValueDeprecation
      defaultQuery={WELCOME}
      defaultHeaders={headers}
      defaultEditorToolsVisibility="headers"
      onEditHeaders={setHeaders}
    >
      <GraphiQL.Logo>
        <span className="stolon-logo">
          {page.title}
          <em>Stolon</em>
        </span>
      </GraphiQL.Logo>
      {page.introspection ? <SchemaFollowsHeaders headers={headers} /> : null}
      {page.mistakes ? <Mistakes address={page.mistakes} /> : null}
    </GraphiQL>
  );
}

createRoot(document.getElementById('playground')).render(<Playground />);
