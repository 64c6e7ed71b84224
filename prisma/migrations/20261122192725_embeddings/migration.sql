-- AlterEnum
ALTER TYPE "wire_protocol" ADD VALUE 'OPENAI_EMBEDDINGS';
