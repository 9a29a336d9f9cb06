"""The words shops use for their columns, and the one name this house gives to each: a dictionary, English and Polish."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

STROKES = str.maketrans({"ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "ß": "ss", "đ": "d"})


@dataclass(frozen=True, slots=True)
class Name:
    """A canonical column: what it is called in ``--map``, what its cells must look like, and who else calls it what."""

    name: str
    kind: str
    """``id``, ``email``, ``moment``, ``clock``, ``number``, ``word``, ``flag`` or ``text``."""
    synonyms: tuple[str, ...]
    """Folded headers, the surest first."""


def fold(header: str) -> str:
    """Fold a header so that case, accents, spaces and punctuation no longer matter: ``Nr Zamówienia`` → ``nrzamowienia``."""
    plain = unicodedata.normalize("NFKD", header.translate(STROKES))
    return re.sub(r"[^a-z0-9]+", "", plain.lower())


def _name(name: str, kind: str, synonyms: str) -> Name:
    return Name(name, kind, (fold(name), *(fold(word) for word in synonyms.split(","))))


NAMES: tuple[Name, ...] = (
    _name(
        "order_id",
        "id",
        "invoice,invoice no,invoice number,invoice id,order number,order no,order nr,order ref,order reference,order,"
        "order name,increment id,transaction id,purchase id,receipt id,receipt number,receipt,sale id,basket id,"
        "document number,document no,zamówienie,nr zamówienia,numer zamówienia,id zamówienia,zamówienie nr,"
        "numer faktury,nr faktury,faktura,nr dokumentu,numer dokumentu,nr paragonu,numer paragonu,id transakcji,"
        "nr transakcji,transaction no,transaction number,transaction,order key,id order,reference",
    ),
    _name(
        "customer_id",
        "id",
        "customer,customer no,customer number,customer nr,customer key,cust id,client id,client,client number,user id,"
        "customer user,buyer id,buyer user id,buyer,member id,account id,shopper id,contact id,customer reference id,"
        "klient,id klienta,nr klienta,numer klienta,klient id,kod klienta,identyfikator klienta,id kupującego,kupujący,"
        "id użytkownika,użytkownik,nabywca,id nabywcy,kontrahent,id kontrahenta,kod kontrahenta,id customer,"
        "household key,household id",
    ),
    _name(
        "email",
        "email",
        "e-mail,customer email,billing email,email address,customer email address,e-mail address,buyer email,"
        "purchase email,contact email,user email,client email,shipping email,adres e-mail,adres email,e-mail klienta,"
        "email klienta,mail,adres mailowy,email kupującego,e-mail kupującego,poczta,billing email address",
    ),
    _name(
        "ordered_at",
        "moment",
        "order date,ordered on,ordered at,order datetime,order timestamp,order time,created at,created,date created,"
        "created on,date created gmt,purchase date,purchased at,purchased on,date purchased,sale date,sold at,sold on,"
        "invoice date,transaction date,transaction time,date add,order created,order created at,date ordered,"
        "order placed,placed at,date,datetime,timestamp,time stamp,date time,event date,paid at,date paid,paid date,"
        "completed at,processed at,data zamówienia,data złożenia zamówienia,data złożenia,data zakupu,data sprzedaży,"
        "data transakcji,data faktury,data wystawienia,data i godzina,data utworzenia,data dodania,zamówiono,data,"
        "data dokumentu,data płatności,day,order day,created utc,order purchase timestamp",
    ),
    _name(
        "time",
        "clock",
        "order hour,time of day,purchase time,purchase time utc timezone,godzina,czas,godzina zamówienia,sale time",
    ),
    _name(
        "product_id",
        "id",
        "product,sku,stock code,stock keeping unit,product sku,product code,item sku,lineitem sku,item id,item code,"
        "item number,article,article id,article number,variant id,variant sku,listing id,product number,product key,"
        "product reference,product ref,asin,ean,upc,isbn,material,produkt,id produktu,kod produktu,kod towaru,towar,"
        "symbol,indeks,kod,nr artykułu,numer artykułu,sku produktu,symbol produktu,kod ean,id product,prod id",
    ),
    _name(
        "title",
        "text",
        "product title,product name,item name,item,description,product description,item description,lineitem name,"
        "line item name,name of product,nazwa produktu,nazwa towaru,nazwa,opis,nazwa artykułu,opis produktu,product desc",
    ),
    _name(
        "category",
        "text",
        "product category,category name,item category,department,product type,product group,category path,kategoria,"
        "kategoria produktu,nazwa kategorii,grupa,grupa towarowa,dział,commodity desc,categories",
    ),
    _name(
        "quantity",
        "number",
        "qty,quantity ordered,qty ordered,ordered quantity,lineitem quantity,line item quantity,product quantity,"
        "item quantity,item qty,items,units,units sold,pieces,count,number of items,item count,ilość,liczba,sztuk,szt,"
        "liczba sztuk,ilość sztuk,ilość zamówiona,sztuki,number of products,total quantity,total units",
    ),
    _name(
        "unit_price",
        "number",
        "price,lineitem price,line item price,item price,product price,price per unit,price each,sales price,"
        "selling price,unit price tax incl,price per item,cena,cena jednostkowa,cena brutto,cena jednostkowa brutto,"
        "cena sprzedaży,cena za sztukę,cena szt,cena detaliczna,regular price,original price,list price,cena jedn",
    ),
    _name(
        "amount",
        "number",
        "line total,line amount,item total,total price,total amount,line value,item subtotal,lineitem total,line item total,"
        "sales,sales amount,gross sales,revenue,sale amount,sales value,net sales,spend,spent,value,turnover,"
        "transaction amount,transaction value,monetary value,order amount,order value,purchase amount,payment,paid,"
        "payment value,amount paid,price total,extended price,row total,kwota,kwota brutto,wartość,wartość brutto,"
        "wartość pozycji,wartość sprzedaży,obrót,przychód,sprzedaż,wartość zamówienia,kwota zamówienia,kwota transakcji,"
        "total sales,total price tax incl,sale price",
    ),
    _name(
        "order_total",
        "number",
        "total,grand total,grand total base,order grand total,base grand total,total paid,total paid tax incl,"
        "order total amount,invoice total,invoice amount,basket total,total inc tax,total with tax,grand total purchased,"
        "total value,razem,suma,suma zamówienia,łącznie,do zapłaty,razem brutto,suma brutto,łączna kwota,łączna wartość,"
        "total gross,wartość zamówienia brutto,kwota do zapłaty,kwota łączna,kwota razem",
    ),
    _name(
        "subtotal",
        "number",
        "order subtotal,sub total,cart base amount,cart subtotal,items subtotal,merchandise total,base subtotal,"
        "subtotal ex tax,total products wt,total products,wartość produktów,suma produktów,wartość towarów",
    ),
    _name(
        "discount",
        "number",
        "discount amount,line discount,lineitem discount,item discount,discounts,discount value,total discount,"
        "rabat,kwota rabatu,zniżka,upust,kwota zniżki,wartość rabatu,reduction amount",
    ),
    _name(
        "order_discount",
        "number",
        "discount total,cart discount,total discounts,total discount amount,order discount amount,rabat zamówienia,"
        "suma rabatów,rabat łączny,total discounts tax incl",
    ),
    _name(
        "tax",
        "number",
        "line tax,item tax,tax amount,vat,vat amount,sales tax,lineitem tax,podatek,kwota vat,podatek vat,kwota podatku",
    ),
    _name(
        "order_tax",
        "number",
        "tax total,taxes,total tax,order tax amount,total taxes,vat total,suma vat,suma podatku",
    ),
    _name(
        "shipping",
        "number",
        "shipping total,shipping cost,shipping amount,shipping and handling,shipping price,delivery,delivery cost,"
        "order shipping,delivery fee,freight,freight value,postage,total shipping,shipping charge,shipping charges,"
        "total shipping tax incl,shipping cost ex tax,dostawa,koszt dostawy,koszt wysyłki,wysyłka,cena dostawy,"
        "koszty wysyłki,koszty dostawy,przesyłka",
    ),
    _name("shipping_tax", "number", "shipping tax total,shipping tax amount,total shipping tax,vat dostawy"),
    _name(
        "refunded",
        "number",
        "line refunded,refunded line amount,item refund,lineitem refunded,refunded item amount,zwrot pozycji",
    ),
    _name(
        "order_refunded",
        "number",
        "refunded amount,refund amount,total refunded,amount refunded,refund,refunds,refund total,total refund,"
        "partial refund,order refund total,zwrot,kwota zwrotu,zwroty,zwrócono,suma zwrotów",
    ),
    _name("refunded_flag", "flag", "fully refunded,is refunded,refunded,zwrócone"),
    _name(
        "status",
        "word",
        "order status,financial status,payment status,state,order state,order state name,current state,event type,"
        "status zamówienia,stan,stan zamówienia,status płatności,transaction status,order payment status,invoice status",
    ),
    _name(
        "cancelled_at",
        "moment",
        "canceled at,cancelled on,cancellation date,date cancelled,cancelled date,data anulowania,anulowano",
    ),
    _name("test", "flag", "is test,test order,test mode,testowe,zamówienie testowe"),
    _name(
        "currency",
        "word",
        "currency code,order currency,currency iso,order currency code,base currency code,waluta,kod waluty,iso code",
    ),
    _name(
        "coupon_code",
        "text",
        "coupon,discount code,voucher,voucher code,promo code,promotion code,coupon codes,coupon items,discount codes,"
        "kod rabatowy,kupon,kod kuponu,kod promocyjny",
    ),
    _name(
        "channel",
        "text",
        "source,sales channel,source name,utm source,marketing channel,traffic source,first channel,acquisition channel,"
        "order source,kanał,kanał sprzedaży,źródło,źródło zamówienia,first touch channel",
    ),
    _name(
        "country",
        "text",
        "billing country,shipping country,country code,ship country,customer country,delivery country,country name,"
        "kraj,kraj dostawy,państwo,kod kraju,billing country code",
    ),
    _name(
        "referred_by",
        "id",
        "referred by customer,referred by customer id,referred by id,referrer customer id,referrer id,referrer customer,"
        "referring customer,referring customer id,referral customer id,referred from customer,recommended by,"
        "recommended by customer,invited by,inviter id,brought by,advocate id,advocate,polecający,id polecającego,"
        "polecający klient,klient polecający,id klienta polecającego,polecony przez,z polecenia klienta,polecił,"
        "zaproszony przez,id zapraszającego",
    ),
    _name(
        "cost",
        "number",
        "unit cost,product cost,cost price,cost of goods,cogs,purchase price,wholesale price,cost per item,koszt,"
        "koszt jednostkowy,koszt własny,cena zakupu,koszt zakupu",
    ),
)

BY_NAME = {name.name: name for name in NAMES}

LOOSE: dict[str, re.Pattern[str]] = {
    "ordered_at": re.compile(r"date|data(?!base)|moment|timestamp|datetime|when|dzien|zlozono"),
    "customer_id": re.compile(
        r"customer|client|klient|buyer|user|member|shopper|kupuj|nabywc|kontrahent|account"
    ),
    "email": re.compile(r"email|mail"),
    "amount": re.compile(
        r"amount|total|revenue|sales|kwota|wartosc|suma|razem|spen[dt]|paid|value|przychod|brutto"
    ),
    "unit_price": re.compile(r"price|cena"),
    "quantity": re.compile(r"quantity|qty|ilosc|sztuk"),
    "order_id": re.compile(
        r"(order|invoice|transaction|zamowieni|faktur|paragon|receipt).*(id|no|nr|number|numer)"
        r"|^(id|nr|no|number|numer)(order|invoice|zamowieni)"
    ),
}
"""When no synonym is found for something needed, a header that contains such a word is tried, if its cells agree."""
