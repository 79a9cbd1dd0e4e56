// Relay's runtime and what relay-compiler wrote, against a server that executes only Relay's own manifest.
const { deepStrictEqual } = require("node:assert");
const {
  ConnectionHandler, Environment, Network, RecordSource, Store, commitMutation, createOperationDescriptor,
} = require("relay-runtime");

const artifact = (name) => require(`./__generated__/${name}.graphql`);
const members = Number(process.env.COREKIT_MEMBERS);
const sent = new Set();

async function ask(parameters, variables) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${process.env.COREKIT_TOKEN}` };
  deepStrictEqual(parameters.text, null);
  sent.add(parameters.name);
  const body = JSON.stringify({ doc_id: parameters.id, variables });
  const answer = await fetch(process.env.COREKIT_TRUSTED_URL, { method: "POST", headers, body });
  return await answer.json();
}

const environment = new Environment({ network: Network.create(ask), store: new Store(new RecordSource()) });

async function query(name, variables) {
  const operation = createOperationDescriptor(artifact(name), variables);
  environment.retain(operation);
  await environment.execute({ operation }).toPromise();
}

/** Reads the pages of a connection that the store has joined. */
function connection(parent, key) {
  return ConnectionHandler.getConnection(parent, key);
}

async function paged(parent, key, first, next) {
  await first();
  for (;;) {
    const page = environment.getStore().getSource();
    const record = read(parent, key, page);
    if (!record.hasNextPage) return record.ids;
    await next(record.endCursor);
  }
}

function read(parent, key) {
  let found;
  environment.commitUpdate((store) => {
    const pages = connection(parent(store), key);
    const info = pages.getLinkedRecord("pageInfo");
    found = {
      ids: pages.getLinkedRecords("edges").map((edge) => edge.getLinkedRecord("node").getDataID()),
      hasNextPage: info.getValue("hasNextPage"),
      endCursor: info.getValue("endCursor"),
    };
  });
  return found;
}

async function main() {
  const ids = await paged(
    (store) => store.getRoot(),
    "members_list_members",
    () => query("membersPageQuery", { count: 10 }),
    (cursor) => query("membersListPaginationQuery", { count: 10, cursor }),
  );
  deepStrictEqual([ids.length, new Set(ids).size], [members, members]);

  const [id] = ids;
  await query("membersCardRefetchQuery", { id });
  const history = await paged(
    (store) => store.get(id),
    "members_history_activities",
    () => query("membersHistoryPaginationQuery", { id, count: 2 }),
    (cursor) => query("membersHistoryPaginationQuery", { id, count: 2, cursor }),
  );
  deepStrictEqual(history.length > 2, true, `${history.length} activities are one page`);
  deepStrictEqual(new Set(history).size, history.length);

  const buy = (input) => new Promise((onCompleted, onError) => {
    commitMutation(environment, { mutation: artifact("membersBuyMutation"), variables: { input }, onCompleted, onError });
  });
  const bought = await buy({ type: "purchase", memberId: id, amount: "700" });
  deepStrictEqual([bought.recordActivity.outcome, bought.recordActivity.userErrors], ["SETTLED", []]);
  const refused = await buy({ type: "purchase", memberId: id, amount: "0.5" });
  const [wrong] = refused.recordActivity.userErrors;
  deepStrictEqual([wrong.code, wrong.path], ["AMOUNT_NOT_WHOLE", ["input", "amount"]]);
  const denied = await query("membersPageQuery", { count: 100_000 }).catch((error) => error);
  deepStrictEqual(denied.source.errors[0].extensions.code, "PAGE_SIZE");
  console.log(`${sent.size} documents compiled and asked for by id, ${ids.length} members and ${history.length} activities in pages`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
