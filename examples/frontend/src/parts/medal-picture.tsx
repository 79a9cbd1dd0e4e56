// The program's own picture of a medal, or a disc with a sign for what it is given.

const SIGNS: Record<string, string> = {
  regular: "M7 9h10l-1 8H8zM9 9a3 3 0 0 1 6 0",
  weekly: "M7 8h10v9H7zM7 11h10M10 6v3M14 6v3",
  green: "M8 16c0-6 3-8 8-8 0 6-3 8-8 8zm0 0 4-4",
  feast: "M8 7v4a2 2 0 0 0 4 0V7M10 13v4M15 17V7c2 1 2 4 0 6",
  golden: "M7 15l-1-6 3.5 2.5L12 7l2.5 4.5L18 9l-1 6z",
};
const STAR = "M12 7l1.5 3.2 3.5.4-2.6 2.3.7 3.5L12 14.7 8.9 16.4l.7-3.5L7 10.6l3.5-.4z";

interface Picture {
  code: string;
  /** Null where there is but one. */
  level: number | null;
  held: boolean;
  address: string | undefined;
}

export function MedalPicture({ code, level, held, address }: Picture) {
  if (address) return <img className="medal-picture" src={address} alt="" width={48} height={48} />;
  return (
    <svg className="medal-picture" viewBox="0 0 24 30" aria-hidden="true" data-held={held} data-level={level}>
      <path className="ribbon" d="M7 18l-2 11 7-4 7 4-2-11z" />
      <circle className="disc" cx="12" cy="12" r="11" />
      <circle className="ring" cx="12" cy="12" r="8.5" />
      <path className="sign" d={SIGNS[code] ?? STAR} />
    </svg>
  );
}
