// Fetches the schema again when the headers change while there is none: with the token comes the completion.
import { useEditorContext, useSchemaStore } from '@graphiql/react';
import { useEffect, useRef } from 'react';

const QUIET_MILLISECONDS = 400;

export function SchemaFollowsHeaders({ headers }) {
  const schema = useSchemaStore((store) => store.schema);
  const fetchError = useSchemaStore((store) => store.fetchError);
  const introspect = useSchemaStore((store) => store.introspect);
  const { responseEditor } = useEditorContext({ nonNull: true });
  const tried = useRef(headers);
  const refusal = useRef(null);

  useEffect(() => {
    if (schema || headers === tried.current || !isObject(headers)) return undefined;
    const timer = setTimeout(() => {
      tried.current = headers;
      void introspect();
    }, QUIET_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [schema, headers, introspect]);

  // GraphiQL shows why it got no schema where answers are shown, and leaves it there.
  useEffect(() => {
    if (fetchError) refusal.current = fetchError;
    else if (schema && refusal.current === responseEditor?.getValue()) responseEditor?.setValue('');
  }, [schema, fetchError, responseEditor]);
  return null;
}

function isObject(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false; // half typed
  }
}
