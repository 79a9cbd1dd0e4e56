// The server audit suite of graphql-http: every audit must pass, whatever its level.
import { serverAudits } from "graphql-http";

const url = process.env.COREKIT_URL;
const levels = {};
const failed = [];
for (const audit of serverAudits({ url })) {
  const result = await audit.fn();
  const level = audit.name.split(" ", 1)[0];
  levels[level] = (levels[level] ?? 0) + 1;
  if (result.status !== "ok") failed.push(`${result.status} ${audit.id} ${audit.name}: ${result.reason}`);
}
const total = Object.values(levels).reduce((sum, count) => sum + count, 0);
if (failed.length > 0 || total === 0) {
  console.error(failed.join("\n"));
  process.exit(1);
}
console.log(`${total} audits (${Object.entries(levels).map(([level, count]) => `${count} ${level}`).join(", ")}), 0 failures`);
