// PostGraphile over the same tables, in one process; prints where it listens.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const preset = {
  extends: [PostGraphileAmberPreset],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE,
      schemas: ["public"],
      poolConfig: { options: "-c jit=off" },
    }),
  ],
};
const service = postgraphile(preset).createServ(grafserv);
const server = createServer();
await service.addTo(server);
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/graphql`));
