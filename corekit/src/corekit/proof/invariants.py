"""What is proved: numbers as in the ledger's design, names for what was added since."""

WHOLE = {
    "1": "The counters of an account are the sums of its entries, which are numbered without a gap.",
    "2": "Each balance of a statement follows from the one before it, and times rise.",
    "3": "Each side of a posting on a member's account has exactly one entry that says the same.",
    "4": "In each unit what members have and what the house gave sum to zero.",
    "5": "A posting and both its accounts are in one unit.",
    "6": "No account is below its floor, and who owes has nothing to spend.",
    "7": "The house's accounts belong to no member and keep no counters.",
    "8": "Each lot is what its movements make it, and each spend is funded by lots or known not to be.",
    "9": "What is open in the lots of an account is its balance, what is held is pending.",
    "10": "A hold is resolved once at most, for no more than it set aside, and not later than it lapses.",
    "11": "Each spend and each hold took its lots in their order: earliest expiry first, then the oldest.",
    "12": "No more comes back than there was, by reversals of what is no reversal; lots lose what was undone.",
    "13": "Each settled activity has its request, its postings and its message, and each of those an activity.",
    "14": "Keys are unique, and so are the house's accounts and the external ids of members.",
    "15": "The shares per line sum to the effect and name lines of the activity.",
    "16": "Stays in tiers neither overlap nor leave a hole, and are what evaluation makes of history.",
    "17": "The guards of what may only grow exist and are enabled.",
    "debt": "What a member owes is what nothing funds of the spends, less what lots repaid.",
    "frozen": "An account is open, or frozen as the last word on it says that was not taken back.",
    "follow-ons": "What follows from an activity comes after it, for its member or one that it names.",
    "metrics": "Metrics are the sums of their days, and those the sums of what activities measured.",
    "parents": "Every row that belongs to another finds it.",
    "segments": "A posting of a kind with dimensions names the segment of its activity and of what was said of them.",
    "sequence": "The activities of a member are numbered without a gap, and times rise.",
}
SINCE = "since"
"""The invariant that only a proof since an instant looks at: that nobody else was written to."""
INVARIANTS = WHOLE | {SINCE: "What was recorded since belongs to members for whom something was recorded since."}
