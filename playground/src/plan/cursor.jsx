// Who serves the field under the cursor of the query editor, by the plan of the last answer.
import { useEditorContext, useSchemaStore } from '@graphiql/react';
import { parse } from 'graphql';
import { useEffect, useMemo, useState } from 'react';

import { fieldAt, pathsOf } from './paths.js';
import { whoServes } from './words.js';

// The text in the query editor and where its cursor is, kept up to date.
function useCursor() {
  const { queryEditor } = useEditorContext({ nonNull: true });
  const [cursor, setCursor] = useState({ text: '', offset: 0 });
  useEffect(() => {
    if (!queryEditor) return undefined;
    const look = () =>
      setCursor({ text: queryEditor.getValue(), offset: queryEditor.indexFromPos(queryEditor.getCursor()) });
    look();
    queryEditor.on('cursorActivity', look);
    queryEditor.on('change', look);
    return () => {
      queryEditor.off('cursorActivity', look);
      queryEditor.off('change', look);
    };
  }, [queryEditor]);
  return cursor;
}

// What to say of the field under the cursor, and the steps that it points at.
export function useUnderCursor(ran) {
  const schema = useSchemaStore((store) => store.schema);
  const { text, offset } = useCursor();
  const document = useMemo(() => (ran?.plan?.fields ? parsed(ran.query) : null), [ran]);
  if (!document) return { told: [], at: [], changed: false };
  if (text !== ran.query) return { told: [], at: [], changed: true };
  const field = fieldAt(document, offset, schema);
  if (!field) return { told: ['Put the cursor on a field to read who serves it.'], at: [], changed: false };
  const paths = pathsOf(document, ran.operationName, field.node);
  const told = paths.length
    ? paths.map((path) => whoServes(ran.plan, field.name, path))
    : [`${field.name} is not part of the operation that was run.`];
  const at = paths.map((path) => ran.plan.fields[path]).filter((one) => one !== undefined);
  return { told: [...new Set(told)], at, changed: false };
}

function parsed(text) {
  try {
    return parse(text);
  } catch {
    return null; // what was run and planned can be read; what was not has no plan to speak of
  }
}

export function UnderCursor({ told }) {
  return (
    <output className="stolon-under-cursor" aria-label="Field under the cursor">
      {told.map((one) => (
        <span key={one}>{one}</span>
      ))}
    </output>
  );
}
