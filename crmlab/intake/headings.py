"""Under which headings a column is found in the files of companies, in English, German and Chinese.

These hold in each kind of data that has a column of the name; what is meant in one kind only, such
as a plain `date`, stands with the kind itself.
"""

KNOWN: dict[str, tuple[str, ...]] = {
    "customer_id": (
        "customer", "customer no", "customer number", "customer code", "client", "client id",
        "account", "account id", "cust id", "sold to", "sold to party", "Kunde", "Kundennr",
        "Kunden-Nr", "Kundennummer", "Kunden-ID", "Debitor", "Debitorennummer", "客户编号", "客户",
        "客户ID", "客户号", "客户代码", "客户编码",
    ),
    "product_id": (
        "product", "product code", "product no", "item", "item no", "sku", "material", "article",
        "Produkt", "Produkt-ID", "Produktnummer", "Artikel", "Artikelnr", "Artikelnummer",
        "产品编号", "产品ID", "产品", "料号", "物料编号", "商品编号",
    ),
    "owner": (
        "sales rep", "salesperson", "sales person", "opportunity owner", "deal owner",
        "account owner", "responsible", "Verkäufer", "Verkaeufer", "Vertriebler", "Verantwortlich",
        "Verantwortlicher", "Zuständig", "Inhaber", "Besitzer", "业务员", "负责人", "销售员",
        "销售负责人", "所有人",
    ),
    "currency": (
        "ccy", "curr", "cur", "currency code", "currency iso code", "deal currency", "Währung",
        "Waehrung", "Währungscode", "币种", "货币", "货币代码", "币别",
    ),
    "amount": (
        "value", "total", "revenue", "sales", "net sales", "net amount", "net value",
        "sales amount", "deal amount", "deal value", "turnover", "line total", "Betrag", "Umsatz",
        "Nettobetrag", "Nettoumsatz", "Netto", "Wert", "Summe", "Auftragswert", "Erlös", "Erloes",
        "金额", "销售额", "销售金额", "总金额", "净额", "商机金额",
    ),
    "cost": (
        "cogs", "cost of goods sold", "cost of sales", "total cost", "cost amount", "Kosten",
        "Wareneinsatz", "Einstand", "Einstandskosten", "Herstellkosten", "Selbstkosten",
        "Warenkosten", "成本", "销售成本", "成本金额",
    ),
    "discount": ("rebate", "discount amount", "Rabatt", "Nachlass", "折扣", "折扣金额"),
    "service_cost": ("service", "cost of service", "Servicekosten", "服务成本", "服务费用"),
    "order_id": (
        "order", "order no", "order number", "sales order", "Auftrag", "Auftragsnr",
        "Auftragsnummer", "Bestellnummer", "订单号", "订单编号", "订单ID",
    ),
    "line_id": ("line no", "order line", "line item", "Position", "Positionsnr", "行号"),
    "date": (
        "order date", "purchase date", "invoice date", "billing date", "posting date",
        "document date", "sales date", "date of sale", "transaction date", "Datum", "Kaufdatum",
        "Auftragsdatum", "Bestelldatum", "Rechnungsdatum", "Belegdatum", "Buchungsdatum", "日期",
        "销售日期", "订单日期", "下单日期", "交易日期", "开票日期", "购买日期",
    ),
    "ordered_at": (
        "date", "order date", "ordered on", "Datum", "Auftragsdatum", "Bestelldatum", "日期",
        "下单日期", "订单日期",
    ),
    "quantity": ("qty", "pieces", "Menge", "Anzahl", "Stück", "数量"),
    "invoice_id": (
        "invoice", "invoice no", "invoice number", "Rechnung", "Rechnungsnr", "Rechnungsnummer",
        "Belegnummer", "发票号", "发票编号",
    ),
    "opportunity_id": (
        "deal", "deal id", "record id", "lead", "opportunity", "opportunity no",
        "opportunity number", "Chance", "Chancen-Nr", "Chancen-ID", "Verkaufschance",
        "Opportunity-Nr", "商机编号", "商机ID", "商机号", "机会编号",
    ),
    "stage": (
        "phase", "deal stage", "stage name", "sales stage", "opportunity stage", "pipeline stage",
        "Stufe", "Verkaufsphase", "Verkaufsstufe", "Vertriebsphase", "阶段", "商机阶段", "销售阶段",
    ),
    "created_at": (
        "created", "created on", "created date", "create date", "creation date", "date created",
        "opened", "open date", "Angelegt", "Angelegt am", "Erstellt", "Erstellt am",
        "Erstelldatum", "Erstellungsdatum", "Anlagedatum", "创建时间", "创建日期", "建立日期",
    ),
    "closed_at": (
        "closed", "close date", "closed date", "closed on", "closing date", "date closed",
        "Geschlossen", "Geschlossen am", "Abschlussdatum", "Abgeschlossen am", "Abschluss",
        "关闭时间", "关闭日期", "结束日期", "成交日期",
    ),
    "outcome": (
        "status", "result", "deal status", "opportunity status", "won lost", "Ergebnis", "Ausgang",
        "结果", "状态", "商机状态", "输赢",
    ),
    "entered_at": (
        "entered", "entered on", "stage date", "changed on", "change date", "Eintritt",
        "Eingetreten am", "Geändert am", "进入时间", "进入日期",
    ),
    "complaint_id": (
        "complaint", "complaint no", "complaint number", "case", "case number", "claim",
        "claim no", "Reklamation", "Reklamationsnr", "Reklamationsnummer", "Beschwerdenummer",
        "投诉编号", "投诉号", "投诉ID",
    ),
    "received_at": (
        "received", "received on", "date received", "complaint date", "Eingang", "Eingangsdatum",
        "Eingegangen am", "Reklamationsdatum", "投诉日期", "投诉时间", "收到日期",
    ),
    "shipped_at": (
        "shipped", "ship date", "shipping date", "delivery date", "delivered", "Lieferdatum",
        "Versanddatum", "Geliefert am", "Versandt am", "发货日期", "交货日期",
    ),
    "category": (
        "type", "reason", "complaint type", "defect", "Fehlerart", "Kategorie", "Grund",
        "Reklamationsgrund", "投诉类别", "投诉类型", "投诉原因",
    ),
    "severity": ("priority", "Schwere", "Priorität", "严重程度", "优先级"),
    "batch_no": ("batch", "lot", "lot no", "Charge", "Chargennr", "Chargennummer", "批号", "批次"),
    "remedy_cost": ("cost of remedy", "Kosten der Abhilfe", "处理费用"),
    "invoiced_at": (
        "invoice date", "invoiced on", "billing date", "posting date", "document date",
        "Rechnungsdatum", "Belegdatum", "Buchungsdatum", "开票日期", "发票日期",
    ),
    "settled_at": (
        "settled", "paid in full", "paid on", "payment date", "clearing date", "Bezahlt",
        "Bezahlt am", "Ausgleichsdatum", "Ausgeglichen am", "结清日期",
    ),
    "payment_id": ("payment", "payment no", "Zahlung", "Zahlungsnummer", "收款编号"),
    "paid_at": ("paid", "paid on", "payment date", "Zahlungsdatum", "Bezahlt am", "收款日期"),
    "at": ("contacted", "contact date", "date", "Datum", "Kontaktdatum", "联系日期", "日期"),
    "channel": ("contact type", "Kanal", "Kontaktart", "渠道", "联系方式"),
    "period": (
        "month", "posting period", "Monat", "Periode", "Zeitraum", "Buchungsmonat", "期间", "月份",
        "会计期间",
    ),
    "units": (
        "pieces", "quantity", "qty", "units sold", "units shipped", "Menge", "Stück", "Stueck",
        "Stückzahl", "Anzahl", "数量", "件数",
    ),
    "orders": (
        "order count", "number of orders", "Aufträge", "Auftraege", "Anzahl Aufträge",
        "Bestellungen", "订单数",
    ),
    "customers": (
        "customer count", "number of customers", "Kunden", "Anzahl Kunden", "Kundenzahl", "客户数",
    ),
}  # fmt: skip
