-- CreateTable
CREATE TABLE "key_holder" (
    "id" UUID NOT NULL,
    "keys" TEXT[],
    "active" TEXT NOT NULL,
    "index" TEXT NOT NULL,
    "lasting" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "key_holder_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "keyed_column" (
    "table_name" TEXT NOT NULL,
    "column_name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,

    CONSTRAINT "keyed_column_pkey" PRIMARY KEY ("table_name","column_name")
);
