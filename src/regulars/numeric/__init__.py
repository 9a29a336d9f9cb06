"""The published methods behind the figures, one file each: arrays in, arrays out.

Purchases and drop-out (``pareto_nbd``, with ``nbd`` as the plain baseline), spend (``gamma_gamma``), both together
(``clv``), how right they were (``accuracy``), time to an event (``survival``) and things bought together
(``association``). Nothing here knows a table, a file or a database.
"""
