// How documents are sent: by what the text says that is sent. GraphiQL knows the operations of its editor a moment after
// the text is there, and would send a subscription that was just opened as a plain POST.
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { Kind, parse } from 'graphql';

export function fetcherOf(addresses) {
  const fetcher = createGraphiQLFetcher(addresses);
  return (request, options) => {
    const documentAST = parsed(request.query);
    return fetcher(named(request, documentAST), { ...options, documentAST });
  };
}

// What cannot be parsed is no subscription: the server says what is wrong with it.
function parsed(text) {
  try {
    return parse(text, { noLocation: true });
  } catch {
    return undefined;
  }
}

// A document's only operation is the one that is meant, whatever the editor said before.
function named(request, documentAST) {
  const operations = documentAST?.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION) ?? [];
  return operations.length === 1 ? { ...request, operationName: operations[0].name?.value } : request;
}
