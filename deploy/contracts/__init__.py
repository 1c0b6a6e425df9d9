"""Documents generated from the code: AsyncAPI, OpenAPI, event table, tables' SQL."""
