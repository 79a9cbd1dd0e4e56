import { useAnswer } from "../answers.ts";
import { useFormat } from "../format.ts";
import { graphql, read, type FragmentType } from "../generated/index.ts";
import { useLanguage } from "../language.tsx";
import { fill } from "../messages.ts";

const PointsOfMember = graphql(`
  query PointsOfMember {
    viewer {
      member {
        points {
          available {
            ...AmountParts
          }
          pending {
            ...AmountParts
          }
          pendingUntil
          debt {
            ...AmountParts
          }
          expiringSoon(within: 366) {
            at
            amount {
              ...AmountParts
            }
          }
        }
      }
    }
  }
`);

export const AmountParts = graphql(`
  fragment AmountParts on Amount {
    digits
    scale
    unit
  }
`);

export function Points() {
  const { viewer } = useAnswer(PointsOfMember, {});
  const { messages } = useLanguage();
  const format = useFormat();
  const points = viewer.member?.points;
  if (!points) return <p>{messages.noEntries}</p>;
  const shown = (amount: FragmentType<typeof AmountParts>) => format.amount(read(AmountParts, amount));
  const isThere = (amount: FragmentType<typeof AmountParts>) => read(AmountParts, amount).digits !== "0";
  return (
    <>
      <p className="large">
        <strong>{shown(points.available)}</strong> {messages.available}
      </p>
      {points.pendingUntil && isThere(points.pending) && (
        <p>{fill(messages.pending, { amount: shown(points.pending), day: format.day(points.pendingUntil) })}</p>
      )}
      {isThere(points.debt) && <p>{fill(messages.debt, { amount: shown(points.debt) })}</p>}
      <h3>{points.expiringSoon.length ? messages.lapse : messages.noneLapse}</h3>
      <ul className="lapsing">
        {points.expiringSoon.map(({ at, amount }) => (
          <li key={at}>
            <strong>{shown(amount)}</strong> <time dateTime={at}>{fill(messages.lapses, { day: format.day(at) })}</time>
          </li>
        ))}
      </ul>
    </>
  );
}
