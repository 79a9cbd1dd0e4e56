// Who asks. The token comes behind the # of the address, which no server is sent, and stays with the tab.
const TOKEN = "corekit:token";

export function token(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    sessionStorage.setItem(TOKEN, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(TOKEN);
}
