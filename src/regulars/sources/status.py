"""What the shops' status words mean for money: English and Polish, every platform, one small dictionary."""

from __future__ import annotations

from regulars.sources.headers import fold

PAID, UNPAID, CANCELLED, TEST = 0, 1, 2, 3
REFUNDED, CREDIT = 10, 11
"""``REFUNDED``: paid once and given back whole. ``CREDIT``: the row itself is a credit note, whatever its sign."""

NAMES = {PAID: "paid", UNPAID: "unpaid", CANCELLED: "cancelled", TEST: "test"}


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word) for word in text.split(","))


MEANINGS: dict[int, frozenset[str]] = {
    PAID: _words(
        "paid,completed,complete,processing,shipped,delivered,fulfilled,success,successful,succeeded,settled,captured,"
        "partially_refunded,partially refunded,partial refund,partially paid,partially_paid,closed,done,finished,invoiced,"
        "payment accepted,payment received,preparation in progress,processing in progress,awaiting shipment,awaiting fulfillment,"
        "awaiting pickup,partially shipped,ready for pickup,remote payment accepted,sent,in transit,active,confirmed,ok,"
        "approved,accepted,sale,payment,order,purchase,dispatched,packed,true,yes,1,"
        "zrealizowane,zrealizowano,opłacone,opłacono,zapłacone,zapłacono,wysłane,wysłano,dostarczone,dostarczono,"
        "w realizacji,w trakcie realizacji,zakończone,płatność zaakceptowana,płatność przyjęta,przyjęte do realizacji,"
        "gotowe do wysyłki,spakowane,częściowo zwrócone,odebrane,potwierdzone,tak,częściowy zwrot,zamknięte,sprzedaż,shipping"
    ),
    UNPAID: _words(
        "pending,unpaid,on-hold,on hold,holded,pending payment,pending_payment,awaiting payment,authorized,authorised,draft,"
        "checkout-draft,incomplete,payment review,payment_review,pending_paypal,awaiting bank wire payment,awaiting check payment,"
        "awaiting cheque payment,awaiting paypal payment,awaiting,open,overdue,expired,failed,payment error,declined,new,"
        "manual verification required,disputed,fraud,suspected fraud,rejected,error,abandoned,on backorder (not paid),"
        "oczekuje na płatność,oczekujące na płatność,oczekujące,nieopłacone,nieopłacono,niezapłacone,nowe,wstrzymane,"
        "błąd płatności,oczekiwanie na płatność,oczekiwanie na płatność przelewem,odrzucone,nieudane,szkic,nie,false,no,0"
    ),
    CANCELLED: _words(
        "cancelled,canceled,voided,void,cancelled by customer,cancelled by merchant,trash,deleted,reversed,chargeback,"
        "cancelled_reversal,canceled_reversal,anulowane,anulowano,anulowana,anulowany,rezygnacja,usunięte,wycofane"
    ),
    TEST: _words("test,test order,testing,testowe,zamówienie testowe,testowy"),
    REFUNDED: _words(
        "refunded,fully refunded,fully_refunded,returned,zwrócone,zwrócono,zwrócona,refundowane,pełny zwrot,zwrot środków"
    ),
    CREDIT: _words("refund,credit,credit note,credit memo,return,zwrot,korekta,faktura korygująca"),
}


def meaning(word: str, refunded_words: frozenset[str] = frozenset()) -> int | None:
    """Return what a status word means, or nothing when nobody has told us."""
    folded = fold(word.lower().removeprefix("wc-"))
    if folded in refunded_words:
        return REFUNDED
    return next((code for code, words in MEANINGS.items() if folded in words), None)
