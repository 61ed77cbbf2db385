package durahub;

import com.microsoft.durabletask.DurableTaskClient;
import com.microsoft.durabletask.DurableTaskGrpcClientBuilder;
import io.grpc.Channel;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Runs scenarios: {@code java durahub.Driver ENDPOINT TASKHUB SCENARIO...}.
 *
 * <p>For each one a line of JSON: {@code {"scenario": ..., "seconds": ..., "error": null or a text}}.
 * Some run at the same time. Without names it writes those of all scenarios, one a line.
 */
public final class Driver {
    private static final int AT_ONCE = 6;

    private Driver() {}

    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length == 2) {
            Scenarios.all().keySet().forEach(System.out::println);
            return;
        }
        DurableTaskClient client = client(Connection.toHub(arguments[0], arguments[1]));
        DurableTaskClient plain = client(Connection.plain(arguments[0]));
        ExecutorService pool = Executors.newFixedThreadPool(AT_ONCE);
        for (int number = 2; number < arguments.length; number++) {
            String name = arguments[number];
            pool.execute(() -> run(name, new Scenario(client, plain)));
        }
        pool.shutdown();
        pool.awaitTermination(10, TimeUnit.MINUTES);
        System.exit(0);
    }

    private static DurableTaskClient client(Channel channel) {
        return new DurableTaskGrpcClientBuilder().grpcChannel(channel).build();
    }

    private static void run(String name, Scenario scenario) {
        long started = System.nanoTime();
        Map<String, Object> verdict = new LinkedHashMap<>();
        verdict.put("scenario", name);
        String error = null;
        try {
            Scenarios.all().get(name).run(scenario);
        } catch (Throwable raised) {
            StringWriter text = new StringWriter();
            raised.printStackTrace(new PrintWriter(text));
            error = text.toString();
        }
        verdict.put("seconds", (System.nanoTime() - started) / 1e9);
        verdict.put("error", error);
        say(verdict);
    }

    private static void say(Map<String, Object> verdict) {
        try {
            System.out.println(Scenario.JSON.writeValueAsString(verdict));
        } catch (com.fasterxml.jackson.core.JsonProcessingException error) {
            throw new IllegalStateException(error);
        }
    }
}
