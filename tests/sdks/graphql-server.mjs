// A GraphQL server that is not ours: `yoga` or `apollo`, as the first argument says. It wants the
// token of the second, and may be told to be away for the next requests.
import { createServer } from "node:http";
import { ApolloServer, HeaderMap } from "@apollo/server";
import { GraphQLError } from "graphql";
import { createSchema, createYoga } from "graphql-yoga";
import { listen } from "./listen.mjs";

const [kind, token] = process.argv.slice(2);

const typeDefs = /* GraphQL */ `
  type Query {
    viewer: User!
    issues(first: Int!, after: String): Issues!
  }
  type Mutation {
    createIssue(title: String!): Issue!
  }
  type Subscription {
    counted(to: Int!): Int!
  }
  type User {
    login: String!
    email: String
  }
  type Issue {
    number: Int!
    title: String!
  }
  type Issues {
    nodes: [Issue!]!
    pageInfo: PageInfo!
  }
  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }
`;

const issues = ["One", "Two", "Three"].map((title, place) => ({ number: place + 1, title }));
const resolvers = {
  Query: {
    viewer: () => ({ login: "octocat" }),
    issues: (_, { first, after }) => {
      const begin = Number(after ?? 0);
      const end = begin + first;
      return { nodes: issues.slice(begin, end), pageInfo: { hasNextPage: end < issues.length, endCursor: String(end) } };
    },
  },
  Mutation: {
    createIssue: (_, { title }) => {
      issues.push({ number: issues.length + 1, title });
      return issues.at(-1);
    },
  },
  Subscription: {
    counted: {
      async *subscribe(_, { to }) {
        for (let counted = 1; counted <= to; counted++) yield { counted };
      },
    },
  },
  User: {
    email: () => {
      throw new GraphQLError("the token may not read addresses", { extensions: { code: "FORBIDDEN" } });
    },
  },
};

async function apollo() {
  const server = new ApolloServer({ typeDefs, resolvers });
  await server.start();
  return async (request, response) => {
    const headers = new HeaderMap(Object.entries(request.headers));
    const { method } = request;
    const { search } = new URL(request.url, "http://localhost");
    const text = Buffer.concat(await request.toArray()).toString();
    const httpGraphQLRequest = { method, headers, search, body: text ? JSON.parse(text) : undefined };
    const answer = await server.executeHTTPGraphQLRequest({ httpGraphQLRequest, context: async () => ({}) });
    response.writeHead(answer.status ?? 200, Object.fromEntries(answer.headers));
    return response.end(answer.body.string);
  };
}

const yoga = () => createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false });
const answer = kind === "apollo" ? await apollo() : yoga();

// === Being away, and the token

let away = 0;
let asked = 0;

const server = createServer((request, response) => {
  const control = /^\/-\/away\/(\d+)$/.exec(request.url);
  if (control) {
    response.end(String(asked));
    away = Number(control[1]);
    asked = 0;
    return undefined;
  }
  asked += 1;
  if (request.headers.authorization !== `Bearer ${token}`) return response.writeHead(401).end();
  if (away > 0) {
    away -= 1;
    return response.writeHead(503).end();
  }
  return answer(request, response);
});
await listen(server);
