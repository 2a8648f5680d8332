"""Tables as spreadsheets save them, CSV, XLSX and ODS, read row by row as one model, and the answers in them."""
