"""Who may ask the server for what: keys with scopes, answers to requests that come twice, and a record of who changed what."""
