// The project's example operations (its folder operations/): each opens in a tab of its own.
import { useEditorContext } from '@graphiql/react';
import { flushSync } from 'react-dom';

function Icon(props) {
  return (
    <svg height="1em" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
      <path d="M6 3h9l4 4v14H6z" strokeLinejoin="round" />
      <path d="M9.5 11.5 8 13.5l1.5 2m5-4 1.5 2-1.5 2m-1.8-4.6-1.4 5.2" strokeLinecap="round" />
    </svg>
  );
}

function Examples({ examples }) {
  const { addTab, queryEditor, variableEditor } = useEditorContext({ nonNull: true });
  const open = ({ query, variables }) => {
    const written = queryEditor.getValue().replace(/^\s*(#.*)?$/gm, '').trim();
    if (written && queryEditor.getValue() !== query) flushSync(addTab);
    queryEditor.setValue(query);
    variableEditor.setValue(variables ?? '');
    queryEditor.focus();
  };
  return (
    <section aria-label="Example operations" className="stolon-examples">
      <div className="graphiql-doc-explorer-title">Examples</div>
      <ul>
        {examples.map((example) => (
          <li key={example.name}>
            <button type="button" className="graphiql-un-styled" onClick={() => open(example)}>
              <strong>{example.name}</strong>
              <span className={`stolon-kind stolon-${example.kind}`}>{example.kind}</span>
              {example.description ? <small>{example.description}</small> : null}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function examplesPlugin(examples) {
  return { title: 'Examples', icon: Icon, content: () => <Examples examples={examples} /> };
}
