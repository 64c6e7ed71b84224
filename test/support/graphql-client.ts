/** GraphQL over HTTP as any program would send it. */

export interface GraphqlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly {
    message: string;
    path?: readonly (string | number)[];
    extensions: Record<string, unknown>;
  }[];
  readonly extensions: Record<string, unknown> | undefined;
  readonly text: string;
}

export interface GraphqlClient {
  send(
    query: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<GraphqlAnswer>;
  /** Data of an operation that must not fail. */
  data(query: string, variables?: Record<string, unknown>): Promise<any>;
}

export function createGraphqlClient(url: string, token: string | null): GraphqlClient {
  const client: GraphqlClient = {
    async send(query, variables, headers = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: JSON.stringify({ query, ...(variables && { variables }) }),
      });
      const text = await response.text();
      const {
        data,
        errors = [],
        extensions,
      } = JSON.parse(text) as Omit<GraphqlAnswer, 'errors'> & {
        errors?: GraphqlAnswer['errors'];
      };
      return { status: response.status, headers: response.headers, data, errors, extensions, text };
    },
    async data(query, variables) {
      const answer = await client.send(query, variables);
      if (answer.errors.length > 0 || !answer.data) throw new Error(`the operation failed: ${answer.text}`);
      return answer.data;
    },
  };
  return client;
}
