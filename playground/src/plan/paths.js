// The field at a place of a document: its name in the schema, and its paths in the answer. Pure.

const MOST_PATHS = 10;
const MOST_VISITS = 10_000;

const holds = ({ loc }, offset) => loc.start <= offset && offset <= loc.end;

// The innermost field that holds the offset, and its name: Type.field where the schema tells the type.
export function fieldAt(document, offset, schema) {
  const root = document.definitions.findLast((one) => one.selectionSet && holds(one, offset));
  if (!root) return null;
  let found = null;
  let type = root.typeCondition ? typeNamed(schema, root.typeCondition) : rootType(schema, root.operation);
  let node = root;
  while (node?.selectionSet && (node.kind !== 'Field' || holds(node.selectionSet, offset))) {
    node = node.selectionSet.selections.findLast((one) => holds(one, offset));
    if (node?.kind === 'InlineFragment' && node.typeCondition) type = typeNamed(schema, node.typeCondition);
    if (node?.kind !== 'Field') continue;
    const name = node.name.value;
    found = { node, name: type ? `${type.name}.${name}` : name };
    type = named(type?.getFields?.()[name]?.type);
  }
  return found;
}

// The response paths of a field in an operation: several where it stands in a fragment, none where it is not part
// of the operation.
export function pathsOf(document, operationName, field) {
  const operations = document.definitions.filter((one) => one.kind === 'OperationDefinition');
  const operation = operations.find((one) => !operationName || one.name?.value === operationName);
  const fragments = new Map();
  for (const one of document.definitions) if (one.kind === 'FragmentDefinition') fragments.set(one.name.value, one);
  const found = new Set();
  let visits = 0; // a document of few lines can spread its fragments millions of times
  const walk = (selectionSet, path, within) => {
    for (const one of selectionSet?.selections ?? []) {
      if (++visits > MOST_VISITS || found.size >= MOST_PATHS) return;
      if (one.kind === 'Field') {
        const at = [...path, (one.alias ?? one.name).value];
        if (one === field) found.add(at.join('.'));
        walk(one.selectionSet, at, within);
      } else if (one.kind === 'InlineFragment') {
        walk(one.selectionSet, path, within);
      } else if (!within.includes(one.name.value)) {
        walk(fragments.get(one.name.value)?.selectionSet, path, [...within, one.name.value]);
      }
    }
  };
  walk(operation?.selectionSet, [], []);
  return [...found];
}

function named(type) {
  let inner = type;
  while (inner?.ofType) inner = inner.ofType;
  return inner;
}

const typeNamed = (schema, { name }) => schema?.getType(name.value);

function rootType(schema, operation) {
  if (operation === 'mutation') return schema?.getMutationType();
  return operation === 'subscription' ? schema?.getSubscriptionType() : schema?.getQueryType();
}
