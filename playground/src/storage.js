// What GraphiQL may leave in the browser: how the page looks, and the tabs without their headers. All else (the
// history keeps headers) stays in memory and goes with the page. So a token is written down nowhere.
const LASTING = new Set(
  [
    ...['tabState', 'query', 'variables', 'operationName'],
    ...['theme', 'docExplorerFlex', 'editorFlex', 'secondaryEditorFlex'],
  ].map((name) => `graphiql:${name}`),
);
const passing = new Map();

const stripped = (text) =>
  JSON.stringify(JSON.parse(text), (key, value) => (['headers', 'hash', 'response'].includes(key) ? null : value));

export const storage = {
  getItem: (key) => (LASTING.has(key) ? window.localStorage.getItem(key) : (passing.get(key) ?? null)),
  setItem(key, value) {
    if (!LASTING.has(key)) passing.set(key, value);
    else window.localStorage.setItem(key, key === 'graphiql:tabState' ? stripped(value) : value);
  },
  removeItem(key) {
    passing.delete(key);
    window.localStorage.removeItem(key);
  },
  get length() {
    return passing.size + [...LASTING].filter((key) => window.localStorage.getItem(key) !== null).length;
  },
  clear() {
    passing.clear();
    for (const key of LASTING) window.localStorage.removeItem(key);
  },
};
