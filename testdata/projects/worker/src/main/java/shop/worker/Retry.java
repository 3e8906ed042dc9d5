package shop.worker;

import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Repeats what may fail. */
public final class Retry {
    private static final Logger LOG = Logger.getLogger("shop.worker");
    private final int attempts;

    public Retry(int attempts) {
        this.attempts = attempts;
    }

    public <T> T call(String name, Callable<T> work) throws Exception {
        for (int attempt = 1; ; attempt++) {
            try {
                return work.call();
            } catch (Exception e) {
                LOG.log(Level.WARNING, "{0}: attempt {1} of {2} failed: {3}", new Object[] {name, attempt, attempts, e.getMessage()});
                if (attempt == attempts) {
                    LOG.log(Level.SEVERE, name + ": giving up", e);
                    throw e;
                }
            }
        }
    }
}
