"""Check of whether a web address answers."""

#: Seconds that an address is waited for.
TIMEOUT_S = 10


def status_of(url: str) -> int:
    """Return the HTTP status of an address, 0 where there is no answer."""
    import requests

    try:
        with requests.get(
            url, timeout=TIMEOUT_S, stream=True, headers={"User-Agent": "marketintel link check"}
        ) as answer:
            return int(answer.status_code)
    except requests.RequestException:
        return 0
