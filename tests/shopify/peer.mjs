// Answers questions with Shopify's own library: one JSON list on standard input, one of answers on standard output.
import { createRequire } from "node:module";

const require = createRequire(`${process.argv[2]}/package.json`);
require("@shopify/shopify-api/adapters/node");
const { shopifyApi, ApiVersion } = require("@shopify/shopify-api");
const { createSHA256HMAC, HashFormat } = require("@shopify/shopify-api/runtime");
const { getHmac, getJwt } = require("@shopify/shopify-api/test-helpers");

const { key, secret, questions } = JSON.parse(await new Response(process.stdin).text());
const shopify = shopifyApi({
  apiKey: key,
  apiSecretKey: secret,
  apiVersion: Object.values(ApiVersion).at(-1),
  hostName: "fluxor.test",
  isEmbeddedApp: true,
  logger: { level: 0, log: () => {} },
});

const answer = {
  signWebhook: ({ body }) => getHmac(body, secret),
  checkWebhook: async ({ body, headers }) => {
    const rawRequest = { method: "POST", url: "/webhooks", headers };
    return (await shopify.webhooks.validate({ rawBody: body, rawRequest, rawResponse: {} })).valid;
  },
  signQuery: async ({ query }) => {
    const sorted = Object.entries(query).sort(([one], [other]) => one.localeCompare(other));
    return createSHA256HMAC(secret, new URLSearchParams(sorted).toString(), HashFormat.Hex);
  },
  checkQuery: async ({ query }) => shopify.utils.validateHmac(query),
  signToken: async ({ store, claims }) => (await getJwt(store, key, secret, claims)).token,
  checkToken: async ({ token }) => Boolean(await shopify.session.decodeSessionToken(token)),
};

const answers = [];
for (const { ask, ...question } of questions) {
  try {
    answers.push(await answer[ask](question));
  } catch (error) {
    // Its refusals are errors of its own; anything else would be a mistake of ours.
    if (!/^Invalid/.test(error.constructor.name)) throw error;
    answers.push(false);
  }
}
console.log(JSON.stringify(answers));
